"""Undoing an import: a batch of customers per transaction, behind the same lease as carrying it out.

Customers whom it made are archived, unless a person has done something with them since. Customers whom it changed get
back, field by field, what the import replaced, unless the field has been changed again since. What is left as it is is
reported (``import_leftovers``). Everything is told as facts of its own, in the name of whoever asked for the undo.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg

from crm.actor import Actor, ActorKind
from crm.customers import events as customer_events
from crm.database import Database, Transaction
from crm.imports import landing, progress, taking_back
from crm.imports.claims import TRIES, Claim, LeaseLost, finish, give_up
from crm.imports.landing import ADDED_TO, PLAIN, Landing
from crm.imports.lines import tokens_of
from crm.imports.opportunities import undoing as opportunities
from crm.search import normalized
from crm.workspaces.access import acting_for

BATCH = 500
FIELDS = frozenset({*PLAIN, *ADDED_TO}) - {"name_key"}


@dataclass
class Undo:
    """An undo at hand, and whoever asked for it."""

    actor: Actor
    claim: Claim
    upto: UUID | None


@dataclass
class Fate:
    """What becomes of the customers of a batch."""

    archived: list[UUID]
    reverted: list[Landing]
    left: list[dict[str, Any]]


async def take_up(database: Database, held: Claim) -> Undo | None:
    """Make ready what was claimed; None, and what was brought in stays, where whoever asked is gone."""
    actor = None
    if held.undo_by is not None and held.undo_by_kind is not None:
        actor = await acting_for(database, held.workspace_id, ActorKind(held.undo_by_kind), held.undo_by)
    if actor is None:
        await give_up(database, held, "done", "Whoever asked for the undo is not active any more.")
        return None
    return Undo(actor, held, held.undo_upto)


async def step(database: Database, undo: Undo) -> bool:
    """Take back the next batch; whether there is more to do. Raises ``LeaseLost``."""
    for again in range(TRIES):
        try:
            return await _step(database, undo)
        except asyncpg.IntegrityConstraintViolationError:
            # Somebody took a registration code meanwhile; now that they have it, we leave it to them.
            if again == TRIES - 1:
                raise
    return False


async def _step(database: Database, undo: Undo) -> bool:
    mine = {"import_id": undo.claim.id, "lease_id": undo.claim.lease_id}
    take_back = _customers if undo.claim.kind == "customers" else opportunities.taken_back
    async with database.transaction(undo.actor) as tx:
        if await tx.row(progress.fence(), **mine, position=None) is None:
            raise LeaseLost
        touched, undone, left = await take_back(tx, undo.claim.id, undo.upto or UUID(int=0), BATCH)
        if left:
            await tx.rows(taking_back.leave(), import_id=undo.claim.id, left=left)
        upto = touched[-1]["id"] if touched else undo.upto
        counts = {"undone": undone, "left": len(left)}
        await tx.row(progress.taken_back(), **mine, upto=upto, **counts)
        over = len(touched) < BATCH
        if over:
            await finish(tx, undo.claim.id, "undone", None)
    undo.upto = upto
    return not over


async def _customers(
    tx: Transaction, import_id: UUID, after: UUID, limit: int
) -> tuple[Sequence[asyncpg.Record], int, list[dict[str, Any]]]:
    """Take the next customers back: who was touched, how many were taken back, what was left."""
    touched = await tx.rows(taking_back.touched(tx.actor.sight), import_id=import_id, after=after, limit=limit)
    fate = await _decide(tx, touched)
    archived = await tx.rows(
        taking_back.archive(tx.actor.sight), event_type=customer_events.ARCHIVED, ids=fate.archived
    )
    reverted = await landing.landed(tx, customer_events.UPDATED, taking_back.revert(tx.actor.sight), fate.reverted)
    return touched, len(archived) + reverted, fate.left


async def _decide(tx: Transaction, touched: Sequence[asyncpg.Record]) -> Fate:
    fate = Fate([], [], [])
    wanted = {row["id"]: dict(_restored(row)) for row in touched if row["visible"] and not row["created"]}
    codes = [values["registration_code"] for values in wanted.values() if values.get("registration_code")]
    holders = {row["registration_code"]: row["id"] for row in await tx.rows(taking_back.holders(), codes=codes)}
    for row in touched:
        who = row["id"]
        if not row["visible"]:
            fate.left.append(_left(who, "not_visible"))
        elif row["created"]:
            _uncreate(row, fate)
        elif row["now"]["archived_at"] is not None:
            fate.left.append(_left(who, "changed_since", _changed(row)))
        else:
            values = wanted[who]
            if kept := sorted(_changed(row).keys() - values.keys() - _same(row)):
                fate.left.append(_left(who, "changed_since", kept))
            if holders.get(values.get("registration_code"), who) != who:
                del values["registration_code"]
                if not kept:
                    fate.left.append(_left(who, "code_taken", ["registration_code"]))
            if values:
                fate.reverted.append(_back(who, values))
    return fate


def _uncreate(row: Any, fate: Fate) -> None:
    if row["used"]:
        fate.left.append(_left(row["id"], "used_since"))
    elif row["now"]["archived_at"] is None:
        fate.archived.append(row["id"])


def _changed(row: Any) -> dict[str, tuple[Any, Any]]:
    """Field → what it was before the import, and what the import made of it."""
    found: dict[str, tuple[Any, Any]] = {}
    for changes in row["changes"]:
        for name, (before, after) in (changes or {}).items():
            if name in FIELDS:
                found[name] = (found[name][0] if name in found else before, after)
    return found


def _restored(row: Any) -> Iterator[tuple[str, Any]]:
    """The fields that are still as the import left them, as they were before it."""
    for name, (before, after) in _changed(row).items():
        if row["now"].get(name) == after != before:
            yield name, before


def _same(row: Any) -> set[str]:
    """The fields that are as they were before the import already."""
    return {name for name, (before, _) in _changed(row).items() if row["now"].get(name) == before}


def _left(who: UUID, reason: str, fields: Any = ()) -> dict[str, Any]:
    return {"subject_id": str(who), "reason": reason, "fields": sorted(fields)}


def _back(who: UUID, values: Mapping[str, Any]) -> Landing:
    fields = [*values]
    more: dict[str, Any] = {}
    if "name" in values:
        more["name_key"] = normalized(values["name"])
        fields.append("name_key")
    return Landing({**values, **more, "id": str(who), "fields": fields}, tokens_of(values))
