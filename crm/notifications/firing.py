"""Firing: when a reminder's moment has come, it is said.

The rounds look over all workspaces at once, on the tables the worker may scan. One statement takes what is due, marks
it, writes the notifications and the facts, so a reminder is fired with all its consequences or not at all; what one
round has taken, another running beside it leaves alone. Rows are taken a share per workspace, and which workspaces
come first is chance each time, so that nobody's backlog keeps the others waiting.

Who is no longer active is told nothing. Whether somebody wants to be left alone is asked now and not when it was
planned (``domain.md`` C3 13): a reminder that asks to get in touch is not said then, any other is said with a caution.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from crm.database import Access, Transaction, statement
from crm.notifications.escalating import patience
from crm.notifications.models import notifications
from crm.recording import told
from crm.reminders import due, events
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER
from crm.tables import Moment, utc
from crm.workspaces.models import workspaces

Heard = Callable[[ColumnElement[Any]], ColumnElement[bool]]
"""Whether anybody waits for what happens in a workspace. Where nobody does, nobody need look for whom to tell."""


def always_heard(_: ColumnElement[Any]) -> ColumnElement[bool]:
    """For those who do not know who waits."""
    return true()


async def fire_due(
    tx: Transaction,
    *,
    limit: int,
    now: datetime | None = None,
    is_heard: Heard = always_heard,
    is_told: Heard = always_heard,
) -> int:
    """Fire what is due, ``limit`` in all, shared out among the workspaces; how many were fired or cancelled instead.

    ``tx`` is a ``Database.scanning()``; ``now`` is the database's clock, unless a test says otherwise. ``is_heard``:
    who waits for the facts of a workspace; ``is_told``: whether it has channels to tell notifications over. There may
    be more while the answer is not 0.
    """
    if not await is_anything_due(tx, now):
        return 0
    await tx.row(_settings())
    return len(await tx.rows(_fire(limit, is_heard, is_told), now=now))


async def is_anything_due(access: Access, now: datetime | None = None) -> bool:
    """Whether any reminder's moment has come, in any workspace: a glance that needs no transaction around it."""
    return bool(await access.value(_anything_due(), now=now))


@statement
def _anything_due() -> Select[Any]:
    return due.anything_due()


@statement
def _settings() -> Select[Any]:
    return due.settings_of_a_round()


@statement
def _fire(limit: int, is_heard: Heard, is_told: Heard) -> Insert:
    """Take, mark, notify and record, in one statement."""
    taken = due.taken(limit)
    judged = _judged(taken)
    refused, shunned = judged.c.refused, judged.c.shunned
    said = refused.is_(None)
    may_escalate = and_(said, reminders.c.escalates, reminders.c.escalated_at.is_(None), judged.c.minutes > 0)
    changed = (
        reminders.update()
        .where(reminders.c.workspace_id == judged.c.workspace_id, reminders.c.id == judged.c.id)
        .values(
            state=case((said, "fired"), else_="cancelled"),
            fired_at=case((said, func.now())),
            cancelled_because=refused,
            caution=case((and_(said, shunned), "do_not_contact")),
            escalate_at=case((may_escalate, func.now() + func.make_interval(0, 0, 0, 0, 0, judged.c.minutes))),
            version=reminders.c.version + 1,
            updated_at=func.now(),
        )
        .returning(*reminders.c)
        .cte("changed")
    )
    fired = changed.c.state == "fired"
    return told(
        REMINDER,
        changed,
        event_type=case(
            (fired, events.FIRED),
            (changed.c.cancelled_because == "do_not_contact", events.SUPPRESSED),
            else_=events.CANCELLED,
        ),
        changes=_changes(changed),
        published_at=_done_unless(is_heard, changed),
        also=lambda rows: [_notifications(rows, is_told)],
    )


def _done_unless(anybody: Heard, changed: CTE) -> ColumnElement[Any]:
    """The moment at which telling was done with: at once, unless there is anybody to tell."""
    return case((anybody(changed.c.workspace_id), cast(null(), Moment)), else_=func.now())


def _judged(taken: CTE) -> CTE:
    """What was taken, with why it must not be said, what is to be minded, and how long it may be ignored."""
    gone, shunned = _gone_among(taken), _shunned_among(taken)
    is_gone = exists().where(gone.c.workspace_id == taken.c.workspace_id, gone.c.user_id == taken.c.user_id)
    # Two questions, each answered by one hash table: with "or" inside it would be a search through the list for each.
    is_shunned = or_(
        *(
            exists().where(shunned.c.workspace_id == taken.c.workspace_id, shunned.c.id == taken.c[name])
            for name in ("customer_id", "subject_id")
        )
    )
    homes = select(taken.c.workspace_id).distinct().subquery("homes_taken")
    of_homes = (
        select(workspaces.c.workspace_id, patience().label("minutes"))
        .select_from(homes.join(workspaces, workspaces.c.workspace_id == homes.c.workspace_id))
        .cte("of_homes")
        .prefix_with("MATERIALIZED")
    )
    return (
        select(
            taken.c.workspace_id,
            taken.c.id,
            is_shunned.label("shunned"),
            case(
                (is_gone, "user_disabled"),
                (and_(taken.c.asks_for_contact, is_shunned), "do_not_contact"),
                else_=cast(null(), Text),
            ).label("refused"),
            of_homes.c.minutes,
        )
        .select_from(taken.join(of_homes, of_homes.c.workspace_id == taken.c.workspace_id))
        .cte("judged")
        .prefix_with("MATERIALIZED")
    )


def _gone_among(taken: CTE) -> CTE:
    """Who of these users is no longer active, asked once. Firing may not see people; this it may ask."""
    homes, people = (_column(taken, column) for column in (taken.c.workspace_id, taken.c.user_id))
    asked = func.disabled_among(homes, people).table_valued("workspace_id", "user_id", name="asked")
    return select(asked.c.workspace_id, asked.c.user_id).cte("gone").prefix_with("MATERIALIZED")


def _shunned_among(taken: CTE) -> CTE:
    """Which of these customers and contacts want to be left alone, asked once."""
    contact = case((taken.c.subject_type == "contact", taken.c.subject_id))
    columns = (_column(taken, column) for column in (taken.c.workspace_id, taken.c.customer_id, contact))
    asked = func.not_to_be_contacted(*columns).table_valued("workspace_id", "id", name="asked_after")
    return select(asked.c.workspace_id, asked.c.id).cte("shunned").prefix_with("MATERIALIZED")


def _column(taken: CTE, column: ColumnElement[Any]) -> ColumnElement[Any]:
    return select(func.array_agg(column, type_=ARRAY(Uuid))).select_from(taken).scalar_subquery()


def _changes(changed: CTE) -> ColumnElement[Any]:
    """What the fact says has changed: just what ``recorded`` would find, without comparing thousands of rows."""
    c = changed.c

    def became(column: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.jsonb_build_array(null(), column)

    state = func.jsonb_build_array("scheduled", c.state)
    fired = func.jsonb_build_object("state", state, "fired_at", became(utc(c.fired_at)), type_=JSONB)
    caution = func.jsonb_build_object("caution", became(c.caution), type_=JSONB)
    cancelled = func.jsonb_build_object("state", state, "cancelled_because", became(c.cancelled_because), type_=JSONB)
    return case((c.state == "cancelled", cancelled), (c.caution.is_not(None), fired.op("||")(caution)), else_=fired)


def _notifications(changed: CTE, is_told: Heard) -> Insert:
    c = changed.c
    same = ("workspace_id", "user_id", "title", "subject_type", "subject_id", "customer_id", "caution")
    # One that was put off is said again: that is another thing to be told of the same reminder.
    key = func.concat("reminder:", c.id, case((c.snooze_count > 0, func.concat(":", c.snooze_count))))
    further = {
        "reminder_id": c.id,
        "kind": literal("reminder", Text),
        "dedupe_key": key,
        "dispatched_at": _done_unless(is_told, changed),
    }
    rows = select(*(c[name] for name in same), *further.values()).where(c.state == "fired")
    names = [*same, *further]
    return insert(notifications).from_select(names, rows).on_conflict_do_nothing()
