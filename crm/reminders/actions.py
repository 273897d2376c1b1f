"""Everything that people change about reminders. Each change is one statement, guarded by the table in ``rules``."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    null,
    select,
)

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer, Noun, about_this, this_one
from crm.recording import changing, creating, explain, record, renamed
from crm.reminders import events
from crm.reminders.errors import ReminderOfTask, ReminderOver, ReminderSnoozedTooOften
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER
from crm.reminders.rules import MOST_SNOOZES, MOVES, Move, before
from crm.reminders.schemas import ReminderCreate, ReminderUpdate
from crm.reminders.zones import A_MOMENT, active_user, placed, zone_of
from crm.tables import Moment
from crm.workspaces.models import users

WHEN = frozenset({"fire_at", "local_time", "timezone", "follows_timezone"})


async def create(access: Access, new: ReminderCreate, about: Noun) -> Answer:
    """Add a reminder about something the actor sees; ``about`` is the noun of its subject.

    Raises 422 for a subject or a user that is not there, ``AlreadyExists`` for an id that is taken.
    """
    user_id = new.user_id or access.actor.user_id
    if user_id is None:
        raise invalid("user_id", "A key is not reminded of anything: say who is.", "required")
    values = new.model_dump(exclude={"subject", *WHEN, "user_id"}, exclude_none=True)
    values |= {"subject_id": new.subject.id, "user_id": user_id}
    values |= await _when(new, lambda: zone_of(access, user_id))
    insert = _insert(about, access.actor.sight, frozenset(values))
    created = await record(access, events.CREATED, insert, **renamed(values))
    if created is None:
        await zone_of(access, user_id)
        raise invalid("subject/id", f"There is no such {about.name}.", "not_found")
    return created


async def update(access: Access, reminder_id: UUID, change: ReminderUpdate) -> Answer:
    """Change what was sent of a reminder of one's own that is still to come.

    Raises ``NotFound``, ``Stale``, ``ReminderOfTask``, ``ReminderOver``, 422 for a moment that is past.
    """
    values = change.model_dump(exclude=set(WHEN), exclude_unset=True)
    values |= await _when(change, lambda: _zone_of_reminder(access, reminder_id))
    return await _move(access, "update", events.UPDATED, reminder_id, values)


async def cancel(access: Access, reminder_id: UUID) -> Answer:
    """It will not be said. Raises ``NotFound``, ``Stale``, ``ReminderOfTask``, ``ReminderOver``."""
    return await _move(access, "cancel", events.CANCELLED, reminder_id, {})


async def snooze(access: Access, reminder_id: UUID, until: datetime) -> Answer:
    """Have it said later, or again. Raises ``NotFound``, ``Stale``, ``ReminderOver``, ``ReminderSnoozedTooOften``,
    422 for a moment that is not later than now and than it was.
    """
    return await _move(access, "snooze", events.SNOOZED, reminder_id, {"fire_at": until})


async def acknowledge(access: Access, reminder_id: UUID) -> Answer:
    """It was heard: nobody's manager is told. Twice is once. Raises ``NotFound``, ``Stale``, ``ReminderOver``."""
    return await _move(access, "acknowledge", events.ACKNOWLEDGED, reminder_id, {})


async def _when(sent: ReminderCreate | ReminderUpdate, zone_of: Callable[[], Awaitable[str]]) -> dict[str, Any]:
    """The columns that say when; none where nothing was sent of it."""
    if "local_time" in sent.model_fields_set:
        zone = sent.timezone or await zone_of()
        return placed(sent.local_time, zone, follows=sent.timezone is None)
    if "fire_at" in sent.model_fields_set:
        return {"fire_at": sent.fire_at, **A_MOMENT}
    return {}


async def _move(access: Access, move: Move, event_type: str, reminder_id: UUID, values: Mapping[str, Any]) -> Answer:
    change = _change(access.actor.sight, move, frozenset(values))
    changed = await record(access, event_type, change, id=reminder_id, **renamed(values))
    return changed or await _why_not(access, move, reminder_id, values)


async def _why_not(access: Access, move: Move, reminder_id: UUID, values: Mapping[str, Any]) -> Answer:
    """The reminder as it is, when there was nothing to change; else the reason why it could not be."""
    answer = await explain(access, REMINDER, reminder_id)
    reminder = orjson.loads(answer.body)
    if move in {"update", "cancel"} and reminder["kind"] == "task":
        raise ReminderOfTask
    if move == "acknowledge" and reminder["state"] == "acknowledged":
        return answer
    if (reminder["state"], move) not in MOVES:
        raise ReminderOver
    if move == "snooze" and reminder["snooze_count"] >= MOST_SNOOZES:
        raise ReminderSnoozedTooOften
    if move == "snooze":
        raise invalid("until", "A moment later than now and later than it was to be said.", "too_early")
    if "fire_at" in values and values["fire_at"] != datetime.fromisoformat(reminder["fire_at"]):
        raise invalid("fire_at", "This moment is past.", "too_early")
    return answer


async def _zone_of_reminder(access: Access, reminder_id: UUID) -> str:
    """The zone of whom this reminder is for. Raises ``NotFound``."""
    zone: str | None = await access.value(_zone_for(access.actor.sight), id=reminder_id)
    if zone is None:
        raise NotFound
    return zone


@statement
def _insert(about: Noun, sight: Sight, columns: frozenset[str]) -> Insert:
    """A new reminder about a row of this noun, where the actor sees it, for someone who is there to hear it."""
    subject, is_seen = about_this(about, sight)
    return creating(
        REMINDER,
        columns,
        values={
            "kind": literal("personal", Text),
            **subject,
            "dedupe_key": func.concat("personal:", func.uuidv7()),
        },
        only_if=is_seen & exists().where(active_user()),
    )


@statement
def _change(sight: Sight, move: Move, columns: frozenset[str]) -> Insert:
    """A reminder that may make this move, with these columns changed."""
    guards: list[ColumnElement[bool]] = [reminders.c.state.in_(before(move))]
    values: dict[str, Any] = {}
    no_moment = cast(null(), Moment)
    if move in {"update", "cancel"}:
        guards.append(reminders.c.kind == "personal")
    if move == "update" and "fire_at" in columns:
        guards.append(bindparam("new_fire_at", type_=Moment) > func.now())
        values |= {"moved_because": "changed"}
    if move == "cancel":
        values |= {"state": "cancelled", "cancelled_because": "cancelled_by_hand"}
    if move == "acknowledge":
        values |= {"state": "acknowledged", "acknowledged_at": func.now(), "escalate_at": no_moment}
    if move == "snooze":
        later_than = func.greatest(func.now(), reminders.c.fire_at)
        guards += [bindparam("new_fire_at", type_=Moment) > later_than, reminders.c.snooze_count < MOST_SNOOZES]
        no_words = cast(null(), Text)
        values |= {"state": "scheduled", "snooze_count": reminders.c.snooze_count + 1, "moved_because": "snoozed"}
        values |= {"fired_at": no_moment, "escalate_at": no_moment, "caution": no_words}
        # Put off until a moment, it is no longer what the clock on the wall shows.
        values |= {"local_time": no_words, "timezone": no_words, "follows_timezone": false()}
    return changing(REMINDER, sight, columns, *guards, values=values)


@statement
def _zone_for(sight: Sight) -> Select[Any]:
    whose = and_(users.c.workspace_id == reminders.c.workspace_id, users.c.id == reminders.c.user_id)
    zone = func.coalesce(users.c.timezone, bindparam("timezone", type_=Text))
    return select(zone).select_from(reminders.join(users, whose)).where(this_one(REMINDER, sight))
