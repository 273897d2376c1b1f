"""Owing the removal of files, and settling what is owed."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Delete, Insert, Integer, Select, Text, Uuid, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

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


async def longest_owed(tx: Transaction, most: int) -> list[Removal]:
    """What was owed longest, over all workspaces."""
    return [Removal(*row) for row in await tx.rows(_longest_owed(), most=most)]


async def settle(tx: Transaction, gone: Sequence[Removal]) -> None:
    """These files are gone, and owed no more."""
    if gone:
        homes, kinds, file_ids = zip(*gone, strict=True)
        await tx.rows(_settle(), homes=list(homes), kinds=list(kinds), file_ids=list(file_ids))


@statement
def _owe() -> Insert:
    file = func.unnest(bindparam("file_ids", type_=ARRAY(Uuid))).table_valued("id", name="file").render_derived()
    rows = select(bindparam("workspace_id", type_=Uuid), bindparam("kind", type_=Text), file.c.id)
    return insert(owed_removals).from_select(["workspace_id", "kind", "file_id"], rows).on_conflict_do_nothing()


@statement
def _longest_owed() -> Select[tuple[UUID, str, UUID]]:
    return select(*_KEY).order_by(owed_removals.c.created_at).limit(bindparam("most", type_=Integer))


@statement
def _settle() -> Delete:
    columns = {"homes": ARRAY(Uuid), "kinds": ARRAY(Text), "file_ids": ARRAY(Uuid)}
    arrays = [bindparam(name, type_=type_) for name, type_ in columns.items()]
    gone = func.unnest(*arrays).table_valued("workspace_id", "kind", "file_id", name="gone").render_derived()
    return delete(owed_removals).where(*(column == gone.c[column.name] for column in _KEY))
