"""Escalating: a reminder that nobody minds is told to the manager of whom it was for, once (``domain.md`` C2).

Firing sets the moment at which it is time, in minutes that all count. Where only working minutes do, that moment comes
too early: then it is moved to the right one, which is worked out only for what is still ignored by then.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
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
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.recording import recorded
from crm.reminders import events
from crm.reminders.models import reminders
from crm.reminders.queries import REMINDER
from crm.tables import Moment, at_home
from crm.workspaces.models import users, workspaces
from crm.workspaces.settings import DEFAULTS
from crm.workspaces.superiors import superiors


class Ignored(NamedTuple):
    """A reminder that was said and that nobody has acknowledged until now."""

    id: UUID
    user_id: UUID
    fired_at: datetime


def patience() -> ColumnElement[int]:
    """How many minutes a workspace lets pass before the manager is told; 0 for ever."""
    said = workspaces.c.settings["reminders"]["escalate_after_minutes"].astext
    return func.coalesce(cast(said, Integer), DEFAULTS["reminders"]["escalate_after_minutes"])


async def workspaces_with_ignored(tx: Transaction, most: int) -> list[UUID]:
    """Where it is time for the oldest of the ignored reminders. ``tx`` is a ``Database.scanning()``."""
    return [row[0] for row in await tx.rows(_workspaces(most))]


async def ignored(tx: Transaction, most: int) -> list[Ignored]:
    """Reminders of this workspace whose time has come, locked; what another has locked is left to it."""
    return [Ignored(*row) for row in await tx.rows(_ignored(most))]


async def wait_longer(tx: Transaction, waits: Sequence[tuple[UUID, datetime]]) -> None:
    """It is not yet time for these, but at the moments given."""
    if waits:
        ids, moments = zip(*waits, strict=True)
        await tx.rows(_wait_longer(), ids=ids, moments=moments)


async def escalate(tx: Transaction, ids: Sequence[UUID]) -> int:
    """Tell the manager: of the person's team, or of the next one above that has one; how many were told of.

    Where there is nobody above, nobody is told, and it is not asked again.
    """
    if not ids:
        return 0
    told = await tx.rows(_escalate(), event_type=events.ESCALATED, ids=ids)
    await give_up(tx, ids)
    return len(told)


async def look_again(tx: Transaction) -> None:
    """Other working hours, or another patience: when it is time is worked out anew for all that is still ignored."""
    await tx.rows(_look_again())


async def give_up(tx: Transaction, ids: Sequence[UUID]) -> None:
    """Nobody will be told of those that still wait to be."""
    await tx.rows(_give_up(), ids=ids)


@statement
def _workspaces(most: int) -> Select[Any]:
    first = select(reminders.c.workspace_id).where(_is_time()).order_by(reminders.c.escalate_at).limit(most)
    return select(first.subquery("first").c.workspace_id).distinct()


@statement
def _ignored(most: int) -> Select[Any]:
    found = select(*(reminders.c[name] for name in Ignored._fields)).where(at_home(reminders), _is_time())
    return found.order_by(reminders.c.escalate_at).limit(most).with_for_update(skip_locked=True)


@statement
def _wait_longer() -> Update:
    arrays = (bindparam("ids", type_=ARRAY(Uuid)), bindparam("moments", type_=ARRAY(Moment)))
    wait = func.unnest(*arrays).table_valued("id", "moment", name="wait").render_derived().c
    return reminders.update().where(at_home(reminders), reminders.c.id == wait.id).values(escalate_at=wait.moment)


@statement
def _escalate() -> Insert:
    manager = superiors(users.c.id.in_(select(reminders.c.user_id).where(_these())))
    told = (
        reminders.update()
        .where(_these(), manager.c.user_id == reminders.c.user_id)
        .values(escalated_at=func.now(), escalated_to_id=manager.c.manager_id, escalate_at=cast(null(), Moment))
    )
    return recorded(REMINDER, told, also=lambda rows: [_notifications(rows)])


@statement
def _look_again() -> Update:
    # As the workspace says now: what the worker knows of it may be some seconds old.
    home = workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    minutes = select(patience()).where(home).scalar_subquery()
    ends = case((minutes > 0, reminders.c.fired_at + func.make_interval(0, 0, 0, 0, 0, minutes)))
    return reminders.update().where(at_home(reminders), reminders.c.escalate_at.is_not(None)).values(escalate_at=ends)


@statement
def _give_up() -> Update:
    return reminders.update().where(_these()).values(escalate_at=cast(null(), Moment))


def _notifications(told: Any) -> Insert:
    same = ("workspace_id", "title", "subject_type", "subject_id", "customer_id", "caution")
    key = func.concat("escalation:", told.c.id)
    rows = select(
        *(told.c[name] for name in same),
        told.c.escalated_to_id,
        told.c.user_id,
        told.c.id,
        literal("escalation", Text),
        key,
    )
    names = [*same, "user_id", "ignored_by_id", "reminder_id", "kind", "dedupe_key"]
    return insert(notifications).from_select(names, rows).on_conflict_do_nothing()


def _these() -> ColumnElement[bool]:
    """Those given that wait to be told."""
    given = reminders.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return and_(at_home(reminders), given, reminders.c.escalate_at.is_not(None))


def _is_time() -> ColumnElement[bool]:
    return reminders.c.escalate_at <= func.now()
