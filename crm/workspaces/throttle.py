"""How often a password may be guessed: each guess is counted before it is checked, so parallel ones all count.

The counters stand in a workspace of their own, the nil one, since whoever guesses has not proved to belong to any.
"""

import hashlib
import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Delete,
    Float,
    Integer,
    Interval,
    Select,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    delete,
    extract,
    func,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningInsert

from crm.actor import NOBODY
from crm.database import Access, Database, statement
from crm.workspaces.access import outsider
from crm.workspaces.errors import TooManyGuesses
from crm.workspaces.models import sign_in_attempts as attempts


@dataclass(frozen=True, slots=True)
class Limit:
    """``free`` guesses at once, then a pause that doubles from ``first`` up to ``longest`` seconds; forgotten in time.

    The longest pause is what a stranger can do to a victim: nobody is locked out for good.
    """

    free: int
    first: int
    longest: int
    forgotten_after: timedelta


# Pauses of 30, 60, 120, 240, 480 seconds after the fifth guess: the tenth comes 930 seconds after the first.
PER_ACCOUNT = Limit(free=5, first=30, longest=900, forgotten_after=timedelta(days=1))
# An office may share one address, or all the world the one of a proxy that does not tell whom it stands for.
PER_ADDRESS = Limit(free=50, first=1, longest=30, forgotten_after=timedelta(hours=1))


def counters(database: Database) -> Access:
    """The way to the counters."""
    return database.writing(outsider(NOBODY))


def of_user(workspace_id: UUID, user_id: UUID) -> str:
    """The counter of one account. Per workspace: whoever knows a password in one clears nothing in another."""
    return f"user:{workspace_id}:{user_id}"


def of_nobody(email_key: str, workspace_id: UUID | None) -> str:
    """The counter of an address that has no account: it must be slowed down just like one that has."""
    return "nobody:" + hashlib.sha256(f"{email_key}|{workspace_id or ''}".encode()).hexdigest()


def of_address(address: str) -> str | None:
    """The counter of where the guesses come from; of IPv6, the /64 that one customer of a provider gets.

    None for what is no address: strangers who share nothing must not share a counter.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or ipaddress.ip_network((int(found) >> 64 << 64, 64)).network_address
    return f"address:{found}"


async def count(access: Access, subjects: Collection[str], limit: Limit) -> set[str]:
    """Count one guess at each of these and give those that may be guessed at now; ``TooManyGuesses`` when none may."""
    rows = await access.rows(_count(limit), subjects=sorted(subjects))
    if not rows:
        wait = await access.value(_wait(), subjects=sorted(subjects))
        raise TooManyGuesses(headers={"Retry-After": str(max(1, wait or 1))})
    return {row["subject"] for row in rows}


async def clear(access: Access, subjects: Collection[str]) -> None:
    """The password was right: forget the guesses."""
    await access.rows(_clear(), subjects=sorted(subjects))


async def take_back(access: Access, subject: str) -> None:
    """What was counted was no guess. The others from there stay counted: one's own account must not clear them."""
    await access.rows(_take_back(), subject=subject)


@statement
def _count(limit: Limit) -> ReturningInsert[Any]:
    # The clock, not the moment at which the statement began: a guess that waited for another one comes after it.
    now = func.clock_timestamp()
    subject = func.unnest(bindparam("subjects", type_=ARRAY(Text))).column_valued("subject")
    first = select(bindparam("workspace_id", type_=Uuid), subject, 1, now, now)
    new = insert(attempts).from_select(["workspace_id", "subject", "failures", "failed_at", "allowed_at"], first)
    failures = case((attempts.c.failed_at < now - limit.forgotten_after, 1), else_=attempts.c.failures + 1)
    doublings = func.least(failures - limit.free, 20)
    pause = case(
        (failures < limit.free, 0.0),
        else_=func.least(limit.longest, limit.first * func.power(2, doublings), type_=Float),
    )
    return new.on_conflict_do_update(
        index_elements=[attempts.c.workspace_id, attempts.c.subject],
        set_={
            "failures": failures,
            "failed_at": now,
            "allowed_at": now + func.make_interval(0, 0, 0, 0, 0, 0, pause, type_=Interval),
        },
        where=attempts.c.allowed_at <= now,
    ).returning(attempts.c.subject)


def _these() -> Any:
    at_home = attempts.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home & (attempts.c.subject == any_(bindparam("subjects", type_=ARRAY(Text))))


@statement
def _wait() -> Select[Any]:
    left = extract("epoch", func.min(attempts.c.allowed_at) - func.clock_timestamp())
    return select(cast(func.ceil(left), Integer)).where(_these())


@statement
def _clear() -> Delete:
    return delete(attempts).where(_these())


@statement
def _take_back() -> Update:
    return (
        update(attempts)
        .where(
            attempts.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            attempts.c.subject == bindparam("subject", type_=Text),
            attempts.c.failures > 0,
        )
        .values(failures=attempts.c.failures - 1, allowed_at=func.clock_timestamp())
    )
