"""Owing the removal of files, and settling what is owed."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Insert, Integer, Text, Uuid, bindparam, delete, func, select, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningDelete

from crm.database import Transaction, statement
from crm.removals.models import owed_removals
from crm.removals.vocabulary import Kind

_KEY = (owed_removals.c.workspace_id, owed_removals.c.kind, owed_removals.c.file_id)


class Removal(NamedTuple):
    """A file that must go."""

    workspace_id: UUID
    kind: Kind
    file_id: UUID


async def owe(tx: Transaction, kind: Kind, file_ids: Sequence[UUID]) -> None:
    """These files go, once this is committed. Owing twice is owing once."""
    if file_ids:
        await tx.rows(_owe(), kind=kind, file_ids=list(file_ids))


async def settle(tx: Transaction, most: int) -> list[Removal]:
    """What was owed longest, over all workspaces: owed no more when this transaction commits, which it may only do
    when the files are gone."""
    return [Removal(*row) for row in await tx.rows(_settle(), most=most)]


@statement
def _owe() -> Insert:
    file = func.unnest(bindparam("file_ids", type_=ARRAY(Uuid))).table_valued("id", name="file").render_derived()
    rows = select(bindparam("workspace_id", type_=Uuid), bindparam("kind", type_=Text), file.c.id)
    return insert(owed_removals).from_select(["workspace_id", "kind", "file_id"], rows).on_conflict_do_nothing()


@statement
def _settle() -> ReturningDelete[tuple[UUID, str, UUID]]:
    longest = select(*_KEY).order_by(owed_removals.c.created_at).limit(bindparam("most", type_=Integer))
    return delete(owed_removals).where(tuple_(*_KEY).in_(longest)).returning(*_KEY)
