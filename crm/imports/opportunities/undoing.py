"""Taking back what an import of sales did: those it made are archived, those it changed get their fields back.

A sale that has moved cannot be moved back as if nothing had been: its history is only ever added to. What an import
changed in one that was there is told fact by fact, and whoever undoes the import is told which ones those are.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, aggregate_order_by

from crm.actor import Sight
from crm.database import Transaction, statement
from crm.facts import events as facts
from crm.imports.landing import lines
from crm.imports.models import import_batches
from crm.imports.taking_back import landed_in
from crm.opportunities import events
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.planning import FOR_THESE_ROWS
from crm.recording import recorded

HOME = bindparam("workspace_id", type_=Uuid)

GIVEN_BACK = (
    "name", "customer_id", "probability", "forecast_category", "expected_close_on", "money", "authority", "need",
    "intention", "competitor", "next_step", "next_step_on", "source", "note", "opened_on", "contract_starts_on",
    "contract_ends_on",
)  # fmt: skip
"""The fields that can become what they were before; amounts belong to their items, states and stages to the history."""

MAY_DIFFER = frozenset({"grade", "review_due_on", "close_date_moves", "items_changed"})
"""What follows from other fields."""


async def taken_back(
    tx: Transaction, import_id: UUID, after: UUID, limit: int
) -> tuple[Sequence[asyncpg.Record], int, list[dict[str, Any]]]:
    """Take the next opportunities back: which were touched, how many were taken back, what was left."""
    touched = await tx.rows(_touched(tx.actor.sight), import_id=import_id, after=after, limit=limit)
    archived: list[UUID] = []
    reverted: list[dict[str, Any]] = []
    left: list[dict[str, Any]] = []
    for row in touched:
        if not row["visible"]:
            left.append(_left(row, "not_visible"))
        elif row["created"]:
            if row["used"]:
                left.append(_left(row, "used_since"))
            elif row["now"]["archived_at"] is None:
                archived.append(row["id"])
        else:
            changed = _changed(row)
            back = {name: was for name, (was, became) in changed.items() if _is_given_back(row, name, became)}
            same = {name for name, (was, _) in changed.items() if row["now"].get(name) == was}
            if kept := changed.keys() - back.keys() - same - MAY_DIFFER:
                left.append(_left(row, "changed_since", sorted(kept)))
            if back:
                reverted.append({**back, "id": str(row["id"]), "fields": [*back]})
    undone = len(await tx.rows(_archive(tx.actor.sight), event_type=events.ARCHIVED, ids=archived))
    if reverted:
        await tx.row(FOR_THESE_ROWS)
        undone += len(await tx.rows(_revert(tx.actor.sight), event_type=events.UPDATED, lines=reverted))
    return touched, undone, left


def _changed(row: Any) -> dict[str, tuple[Any, Any]]:
    """Field → what it was before the import, and what the import made of it."""
    found: dict[str, tuple[Any, Any]] = {}
    for changes in row["changes"]:
        for name, (before, after) in (changes or {}).items():
            found[name] = (found[name][0] if name in found else before, after)
    return found


def _is_given_back(row: Any, name: str, became: Any) -> bool:
    return name in GIVEN_BACK and row["now"]["state"] not in {"won", "lost"} and row["now"].get(name) == became


def _left(row: Any, reason: str, fields: Sequence[str] = ()) -> dict[str, Any]:
    return {"subject_id": str(row["id"]), "reason": reason, "fields": list(fields)}


@statement
def _touched(sight: Sight) -> Select[Any]:
    """The next opportunities that the import touched; ``used``: a person has done something with them since."""
    fact, later, batch = facts.alias("fact"), facts.alias("later"), import_batches.alias("batch")
    this_import = batch.c.workspace_id == HOME, batch.c.import_id == bindparam("import_id", type_=Uuid)
    per_sale = (
        select(
            fact.c.subject_id.label("id"),
            func.bool_or(fact.c.type == events.CREATED).label("created"),
            func.jsonb_agg(aggregate_order_by(fact.c.changes, fact.c.sequence)).label("changes"),
        )
        .select_from(batch.join(fact, landed_in(fact, batch)))
        .where(
            *this_import,
            fact.c.subject_type == OPPORTUNITY.name,
            fact.c.subject_id > bindparam("after", type_=Uuid),
        )
        .group_by(fact.c.subject_id)
        .order_by(fact.c.subject_id)
        .limit(bindparam("limit", type_=Integer))
        .subquery("touched")
    )
    used = exists().where(
        later.c.workspace_id == HOME,
        later.c.subject_type == OPPORTUNITY.name,
        later.c.subject_id == per_sale.c.id,
        later.c.actor_kind != "system",
        ~exists().where(*this_import, landed_in(later, batch)),
    )
    c = opportunities.c
    return (
        select(
            per_sale.c.id,
            per_sale.c.created,
            per_sale.c.changes,
            used.label("used"),
            OPPORTUNITY.visible(sight).label("visible"),
            func.to_jsonb(opportunities.table_valued(), type_=JSONB).label("now"),
        )
        .select_from(per_sale.join(opportunities, (c.workspace_id == HOME) & (c.id == per_sale.c.id)))
        .order_by(per_sale.c.id)
    )


@statement
def _archive(sight: Sight) -> Insert:
    """Put opportunities aside; their references are free again, so that the file can be sent anew."""
    c = opportunities.c
    change = update(opportunities).where(
        c.workspace_id == HOME,
        c.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
        c.archived_at.is_(None),
        OPPORTUNITY.visible(sight),
    )
    return recorded(OPPORTUNITY, change.values(archived_at=func.now(), reference=None))


@statement
def _revert(sight: Sight) -> Insert:
    """Give fields back what they were, null too: those that each line names."""
    c = opportunities.c
    line = lines({"id": Uuid(), **{name: c[name].type for name in GIVEN_BACK}, "fields": ARRAY(Text)})
    named = {name: literal(name, Text) == any_(line.c.fields) for name in GIVEN_BACK}
    change = update(opportunities).where(
        c.workspace_id == HOME,
        c.id == line.c.id,
        or_(*named.values()),
        c.archived_at.is_(None),
        OPPORTUNITY.visible(sight),
    )
    return recorded(
        OPPORTUNITY, change.values({name: case((given, line.c[name]), else_=c[name]) for name, given in named.items()})
    )
