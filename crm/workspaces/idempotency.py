"""Answers kept under an ``Idempotency-Key``: the same key and request give the same answer, for 72 hours."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    delete,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete

from crm.database import Transaction, statement
from crm.workspaces.models import idempotency_keys as kept_answers

LIFETIME = timedelta(hours=72)


class Kept(NamedTuple):
    """An answer given before, and the fingerprint of the request it was given to."""

    fingerprint: bytes
    status: int
    headers: Mapping[str, str]
    body: bytes


async def lock(tx: Transaction, key: str) -> bool:
    """Take the key for this transaction; False while another one has it. Ends with the transaction, come what may."""
    taken: bool = await tx.value(_lock(), key=key)
    return taken


async def find(tx: Transaction, key: str) -> Kept | None:
    """The answer kept under this key for this actor."""
    row = await tx.row(_find(), key=key)
    return None if row is None else Kept(*row)


async def keep(tx: Transaction, key: str, answer: Kept) -> None:
    """Keep an answer, in the transaction of the change that it tells of."""
    await tx.row(_keep(), key=key, **answer._asdict())


async def forget_old(tx: Transaction, *, most: int) -> int:
    """Forget answers that are too old to be given again, over all workspaces; how many."""
    return len(await tx.rows(_forget(), most=most))


def _this() -> Any:
    k = kept_answers.c
    return and_(
        k.workspace_id == bindparam("workspace_id"), k.actor_id == bindparam("actor_id"), k.key == bindparam("key")
    )


@statement
def _lock() -> Select[Any]:
    whole = cast(bindparam("workspace_id", type_=Uuid), Text) + ":"
    whole += cast(bindparam("actor_id", type_=Uuid), Text) + ":" + bindparam("key", type_=Text)
    return select(func.pg_try_advisory_xact_lock(cast(func.hashtextextended(whole, 0), BigInteger)))


@statement
def _find() -> Select[Any]:
    k = kept_answers.c
    fresh = k.created_at > func.now() - LIFETIME
    return select(k.fingerprint, k.status, k.headers, k.body).where(_this(), fresh)


@statement
def _keep() -> Insert:
    names = ("workspace_id", "actor_id", "key", "fingerprint", "status", "headers", "body")
    new = insert(kept_answers).values({name: bindparam(name, type_=kept_answers.c[name].type) for name in names})
    key = [kept_answers.c.workspace_id, kept_answers.c.actor_id, kept_answers.c.key]
    changing = {name: new.excluded[name] for name in names[3:]}
    return new.on_conflict_do_update(index_elements=key, set_=changing | {"created_at": func.now()})


@statement
def _forget() -> ReturningDelete[Any]:
    k = kept_answers.c
    old = select(k.workspace_id, k.actor_id, k.key).where(k.created_at < func.now() - LIFETIME)
    chosen = old.limit(bindparam("most", type_=Integer)).cte("chosen")
    same = (
        k.workspace_id == chosen.c.workspace_id,
        k.actor_id == chosen.c.actor_id,
        k.key == chosen.c.key,
    )
    return delete(kept_answers).where(*same).returning(k.workspace_id)
