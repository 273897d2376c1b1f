"""From the log of facts to what each fact owes: takes facts that nobody has been told of, and marks them published.

What they owe is written in the same transaction, so a fact is published with all its consequences or not at all.
Whether a fact is published is said by ``published_at`` alone, never by its place in the order of ids: a transaction
that commits late, or a clock that runs behind, hides nothing.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    func,
    select,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.database import Access, Transaction, statement
from crm.events.models import events, reactions
from crm.facts import published_here
from crm.turns import anything_waits, taken_in_turns


class Published(NamedTuple):
    """A fact that has just been published."""

    workspace_id: UUID
    id: UUID
    type: str


class Owed(NamedTuple):
    """A reaction owed to a fact."""

    workspace_id: UUID
    event_id: UUID
    name: str


async def is_anything_unpublished(access: Access) -> bool:
    """Whether any fact waits, in any workspace: a glance that needs no transaction around it."""
    return bool(await access.value(_anything_unpublished()))


async def publish(tx: Transaction, *, after: UUID, share: int, most: int) -> list[Published]:
    """Mark facts as published and give them: ``share`` of each workspace after ``after``, ``most`` in all."""
    return [Published(*row) for row in await tx.rows(_publish(), after=after, share=share, most=most)]


async def owe_reactions(tx: Transaction, owed: Sequence[Owed]) -> None:
    """Write down which reactions facts are owed. Owing one twice is owing it once."""
    if owed:
        homes, event_ids, names = zip(*owed, strict=True)
        await tx.rows(_owe(), workspace_ids=homes, event_ids=event_ids, names=names)


async def owe_reactions_here(tx: Transaction, event_type: str, names: Sequence[str]) -> None:
    """Write down that all facts of a type, which this very transaction has written as published, are owed these."""
    await tx.rows(_owe_here(), of_type=event_type, names=names)


def _unpublished(event: FromClause) -> ColumnElement[bool]:
    return event.c.published_at.is_(None)


@statement
def _anything_unpublished() -> Select[Any]:
    return anything_waits(events, _unpublished)


@statement
def _publish() -> Update:
    taken = taken_in_turns(events, _unpublished, ["id"], ["id"])
    return (
        update(events)
        .where(events.c.workspace_id == taken.c.workspace_id, events.c.id == taken.c.id)
        .values(published_at=func.now())
        .returning(events.c.workspace_id, events.c.id, events.c.type)
    )


@statement
def _owe() -> Insert:
    columns = {"workspace_ids": ARRAY(Uuid), "event_ids": ARRAY(Uuid), "names": ARRAY(Text)}
    arrays = [bindparam(name, type_=type_) for name, type_ in columns.items()]
    owed = func.unnest(*arrays).table_valued("workspace_id", "event_id", "name", name="owed").render_derived()
    new = insert(reactions).from_select(["workspace_id", "event_id", "name"], select(*owed.c))
    return new.on_conflict_do_nothing()


@statement
def _owe_here() -> Insert:
    name = func.unnest(bindparam("names", type_=ARRAY(Text))).table_valued("name", name="owed").render_derived()
    owed = select(events.c.workspace_id, events.c.id, name.c.name).select_from(events.join(name, true()))
    new = insert(reactions).from_select(["workspace_id", "event_id", "name"], owed.where(*published_here()))
    return new.on_conflict_do_nothing()
