"""How a reminder looks, and everything that reads reminders."""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun, held_by
from crm.reading import Listing, among, between
from crm.reminders.models import reminders
from crm.reminders.schemas import ReminderFilter
from crm.tables import stamps, utc
from crm.workspaces.models import users

LATE = timedelta(minutes=1)
"""A reminder said so long after its moment was not said on time; before, it only waited for its turn."""

IN_WORDS = {
    "its_moment_came": "Its moment came and it was said.",
    "its_moment_was_past": "Its moment was past already when it was planned; it was said at once.",
    "worker_was_late": "It was said later than planned: no worker ran at its moment, or all were busy.",
    "not_due_yet": "Its moment is still to come.",
    "due_now": "Its moment has come; it is said in the next round.",
    "snoozed": "It was put off, and its moment is still to come.",
    "moved_with_its_zone": "The time zone or its rules were changed, and it moved along; its moment is still to come.",
    "acknowledged": "It was said, and somebody acknowledged it.",
    "task_done": "The task was done before.",
    "task_cancelled": "The task was cancelled before.",
    "rescheduled": "The task was moved, or its reminders were changed.",
    "user_disabled": "Whom it was for is no longer active.",
    "do_not_contact": "It asked to get in touch with somebody who does not want to be contacted.",
    "cancelled_by_hand": "Somebody cancelled it.",
}


def shape(reminder: FromClause) -> Select[Any]:
    """A reminder, once. From its own columns alone: the worker fires where it sees no other table."""
    c = reminder.c
    return select(
        c.id,
        c.kind,
        c.user_id,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id,
        c.title,
        utc(c.fire_at).label("fire_at"),
        c.local_time,
        c.timezone,
        c.follows_timezone,
        c.asks_for_contact,
        c.state,
        utc(c.fired_at).label("fired_at"),
        c.caution,
        c.snooze_count,
        utc(c.acknowledged_at).label("acknowledged_at"),
        c.escalates,
        utc(c.escalated_at).label("escalated_at"),
        c.escalated_to_id,
        c.cancelled_because,
        *stamps(reminder),
    ).select_from(reminder)


def explanation(reminder: FromClause) -> Select[Any]:
    """Why a reminder did or did not fire."""
    c = reminder.c
    whose_is_gone = exists().where(
        users.c.workspace_id == c.workspace_id, users.c.id == c.user_id, users.c.state != "active"
    )
    because: ColumnElement[str] = case(
        (c.state == "acknowledged", "acknowledged"),
        (and_(c.state == "fired", c.fire_at <= c.created_at), "its_moment_was_past"),
        (and_(c.state == "fired", c.fired_at - c.fire_at > literal(LATE)), "worker_was_late"),
        (c.state == "fired", "its_moment_came"),
        (c.state == "cancelled", c.cancelled_because),
        (whose_is_gone, "user_disabled"),
        (c.fire_at <= func.now(), "due_now"),
        (c.moved_because == "snoozed", "snoozed"),
        (c.moved_because == "timezone_changed", "moved_with_its_zone"),
        else_="not_due_yet",
    )
    found = select(c.id, because.label("because")).correlate(reminder).lateral("found")
    return select(
        c.id,
        c.state,
        found.c.because,
        case(IN_WORDS, value=found.c.because).label("explanation"),
        utc(c.created_at).label("planned_at"),
        utc(c.fire_at).label("fire_at"),
        c.local_time,
        c.timezone,
        c.moved_because,
        c.snooze_count,
        utc(c.fired_at).label("fired_at"),
        cast(func.extract("epoch", c.fired_at - c.fire_at), Integer).label("late_by_seconds"),
        c.caution,
        utc(c.acknowledged_at).label("acknowledged_at"),
        _escalation(c).label("escalation"),
        c.version,
    ).select_from(reminder.join(found, found.c.id == c.id))


def _escalation(c: Any) -> ColumnElement[Any]:
    """Whether it went to the manager, or will."""
    state = case(
        (c.escalated_at.is_not(None), "escalated"),
        (~c.escalates, "never"),
        (c.state == "scheduled", "not_yet"),
        (c.state != "fired", "attended_to"),
        (c.escalate_at.is_not(None), "waiting"),
        (bindparam("reminders_escalate_after_minutes", type_=Integer) == 0, "switched_off"),
        else_="nobody_above",
    )
    at = utc(func.coalesce(c.escalated_at, c.escalate_at))
    return func.json_build_object("state", state, "at", at, "to_user_id", c.escalated_to_id)


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """One's own; with a team's sight, those of the people in the teams one sees."""
    if sight is not Sight.TEAM:
        return held_by(reminders, "user_id")(sight)
    colleagues = select(users.c.id).where(
        users.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        users.c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid))),
    )
    return held_by(reminders, "user_id")(Sight.OWN) | reminders.c.user_id.in_(colleagues)


REMINDER = Noun("reminder", reminders, shape, visible)
EXPLANATION = Noun("reminder_explanation", reminders, explanation, visible)

LIST = Listing(
    REMINDER,
    sorts={"fire_at": reminders.c.fire_at, "created_at": reminders.c.created_at},
    filters={
        **among(reminders, ["kind", "user_id", "customer_id", "subject_type", "subject_id", "state"]),
        **between(reminders, ["fire_at"]),
    },
)


async def get(access: Access, reminder_id: UUID) -> Answer:
    """One reminder. Raises ``NotFound``."""
    return await reading.one(access, REMINDER, reminder_id)


async def explain(access: Access, reminder_id: UUID) -> Answer:
    """Why it did or did not fire. Raises ``NotFound``."""
    return await reading.one(access, EXPLANATION, reminder_id)


async def page(access: Access, wanted: ReminderFilter) -> bytes:
    """A page of reminders, the nearest moment first."""
    return await reading.page(access, LIST, wanted)
