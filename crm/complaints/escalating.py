"""The round over the clocks of complaints: what is running out is told, what ran out is broken (``domain.md`` B8, C2).

The worker finds by index which workspaces have a clock to look at, and takes a share of each, in a transaction of its
own. There, one statement takes the clocks, marks what they have crossed, writes the facts and notifies whoever the
policy says: all of it or none. What one round has taken another leaves alone, so nothing is told twice. It never
touches the complaints themselves: nobody who is at work on one waits for it, and no version changes.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    false,
    func,
    literal,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.actor import NOBODY
from crm.complaints import events
from crm.complaints.hearing import escalations, heard_of, notifications_of
from crm.complaints.models import complaints, sla_clocks
from crm.complaints.queries import COMPLAINT
from crm.database import Access, Transaction, statement
from crm.recording import told
from crm.sla.clock import BREACH
from crm.tables import Moment, home, utc


async def is_anything_due(access: Access) -> bool:
    """Whether any clock is to be looked at, in any workspace: a glance that needs no transaction around it."""
    return bool(await access.value(_anything_due()))


async def workspaces_with_due(tx: Transaction) -> list[UUID]:
    """Where there are clocks to be looked at, in an order that is chance. ``tx`` is a ``Database.scanning()``."""
    return [row[0] for row in await tx.rows(_workspaces())]


async def tell_due(tx: Transaction, most: int) -> int:
    """Tell what the clocks of this workspace have crossed; how many clocks were taken."""
    taken = await tx.rows(_take(most))
    if taken:
        await tx.rows(_tell(), ids=[row["id"] for row in taken])
    return len(taken)


@statement
def _anything_due() -> Select[Any]:
    """Compares the first in order: asked whether there is any, Postgres may begin to read the table instead."""
    k = sla_clocks.c
    first = select(k.next_threshold_at).where(k.next_threshold_at.is_not(None)).order_by(k.next_threshold_at).limit(1)
    return select(first.scalar_subquery() <= func.now())


@statement
def _workspaces() -> Select[Any]:
    """Jumps along the index from one workspace to the next, and looks at the first clock of each."""

    def following(home: ColumnElement[Any]) -> ColumnElement[Any]:
        row = sla_clocks.alias("next_row")
        found = select(row.c.workspace_id).where(row.c.workspace_id > home, row.c.next_threshold_at.is_not(None))
        return found.order_by(row.c.workspace_id, row.c.next_threshold_at).limit(1).scalar_subquery()

    every = select(following(literal(NOBODY, Uuid)).label("workspace_id")).cte("every", recursive=True)
    every = every.union_all(select(following(every.c.workspace_id)).where(every.c.workspace_id.is_not(None)))
    row = sla_clocks.alias("first_row")
    first = select(row.c.next_threshold_at).where(
        row.c.workspace_id == every.c.workspace_id, row.c.next_threshold_at.is_not(None)
    )
    is_due = first.order_by(row.c.workspace_id, row.c.next_threshold_at).limit(1).scalar_subquery() <= func.now()
    return select(every.c.workspace_id).where(every.c.workspace_id.is_not(None), is_due).order_by(func.random())


@statement
def _take(most: int) -> Select[Any]:
    """Those that wait longest, locked."""
    k = sla_clocks.c
    due = select(k.id).where(k.workspace_id == home(), k.next_threshold_at <= func.now())
    return due.order_by(k.workspace_id, k.next_threshold_at).limit(most).with_for_update(skip_locked=True)


@statement
def _tell() -> Insert:
    """Mark what the clocks taken have crossed, tell it, and notify."""
    crossed = _crossed()
    marked = _marked(crossed)
    escalated = escalations(crossed)
    facts = _facts(crossed, escalated)
    heard = heard_of(crossed, escalated)
    return told(
        COMPLAINT,
        facts,
        event_type=facts.c.told_type,
        changes=_changes(facts),
        published_at=cast(null(), Moment),
        also=lambda _: [marked, notifications_of(crossed, heard)],
    )


def _taken() -> ColumnElement[bool]:
    return and_(sla_clocks.c.workspace_id == home(), sla_clocks.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def _thresholds(clock: Any) -> Any:
    return (
        func.jsonb_array_elements(clock.c.thresholds)
        .table_valued("value", with_ordinality="place", name="threshold")
        .render_derived()
    )


def _is_crossed(threshold: Any) -> ColumnElement[bool]:
    value = cast(threshold.c.value, JSONB)
    at = cast(value["at"].astext, Moment)
    return and_(value["crossed_at"].astext.is_(None), at <= func.now())


def _crossed() -> CTE:
    """What has been crossed: one row for each share of the time of each clock."""
    k = sla_clocks
    threshold = _thresholds(k)
    percent = cast(cast(threshold.c.value, JSONB)["percent"].astext, Integer)
    columns = ("id", "complaint_id", "policy_id", "kind", "due_at", "state")
    found = select(*(k.c[name] for name in columns), percent.label("percent"))
    crossed = found.select_from(k.join(threshold, true())).where(_taken(), _is_crossed(threshold))
    return crossed.cte("crossed").prefix_with("MATERIALIZED")


def _marked(crossed: CTE) -> Update:
    k = sla_clocks
    threshold = _thresholds(k)
    value = cast(threshold.c.value, JSONB)
    is_crossed = _is_crossed(threshold)
    now = func.jsonb_build_object("crossed_at", utc(func.now()), type_=JSONB)
    after = case((is_crossed, value.op("||")(now)), else_=value)
    written = select(func.jsonb_agg(after).aggregate_order_by(threshold.c.place)).select_from(threshold)
    left = (
        select(func.min(cast(value["at"].astext, Moment)))
        .select_from(threshold)
        .where(value["crossed_at"].astext.is_(None), ~func.coalesce(is_crossed, false()))
    )
    broken = select(crossed.c.id).where(crossed.c.percent == BREACH)
    return (
        update(k)
        .where(_taken())
        .values(
            thresholds=written.correlate(k).scalar_subquery(),
            next_threshold_at=left.correlate(k).scalar_subquery(),
            state=case((and_(k.c.state == "running", k.c.id.in_(broken)), "breached"), else_=k.c.state),
            version=k.c.version + 1,
            updated_at=func.now(),
        )
    )


def _facts(crossed: CTE, escalated: CTE) -> CTE:
    """A row of the complaint for each fact about it, with what is told."""
    c = complaints.c
    mine = and_(c.workspace_id == home(), c.id == crossed.c.complaint_id)
    beside = [crossed.c.kind.label("told_kind"), crossed.c.percent.label("told_percent")]
    beside.append(crossed.c.due_at.label("told_due_at"))
    running_out = case((crossed.c.percent < BREACH, literal(events.WARNED, Text)), else_=literal(events.BREACHED, Text))
    told_of = (
        select(*c, *beside, cast(null(), Integer).label("told_level"), running_out.label("told_type"))
        .select_from(crossed.join(complaints, mine))
        .where(crossed.c.percent <= BREACH)
    )
    levels = select(escalated.c.id, escalated.c.percent, escalated.c.level).distinct().subquery("levels")
    same = and_(levels.c.id == crossed.c.id, levels.c.percent == crossed.c.percent)
    taken_up = select(*c, *beside, levels.c.level, literal(events.ESCALATED, Text)).select_from(
        crossed.join(complaints, mine).join(levels, same)
    )
    return union_all(told_of, taken_up).cte("facts")


def _changes(facts: CTE) -> ColumnElement[Any]:
    """What a fact says beside the complaint: which clock, how much of its time is over, and the level."""

    def said(value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.jsonb_build_array(null(), value)

    f = facts.c
    what = func.jsonb_build_object(
        "clock", said(f.told_kind), "percent", said(f.told_percent), "due_at", said(utc(f.told_due_at)), type_=JSONB
    )
    level = func.jsonb_build_object("level", said(f.told_level), type_=JSONB)
    return case((f.told_level.is_not(None), what.op("||")(level)), else_=what)
