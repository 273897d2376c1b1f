"""What has to be worked out anew: a row that says which open clocks, and how far it is.

Asked for in the statement that changes a promise, or by a reaction to the facts of a calendar or a customer. Asked
again before it is done, it begins again: it is one row for as long as it is open, so that no edit is lost and none is
queued twice.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Insert,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.sla.models import sla_recounts

BY_CALENDAR = frozenset({"week", "timezone", "calendar_id", "team_id", "parent_id", "days_changed_at"})
"""What changes when people work, as the facts of calendars, workspaces, teams and people name it."""


class Recount(NamedTuple):
    """One of them, taken."""

    id: UUID
    severity: str | None
    calendar_id: UUID | None
    customer_id: UUID | None
    after_id: UUID | None


def asking_for_policies(rows: CTE, *, unless_only: bool = False) -> Sequence[Insert]:
    """Ask for the clocks of complaints as severe as these policies say; unless nothing they count by has changed."""
    if unless_only:
        return []
    new = {
        "workspace_id": rows.c.workspace_id,
        "cause": literal("policy", Text),
        "severity": rows.c.severity,
        "asked_at": func.now(),
    }
    return [_asked(new, rows)]


def asking_for_customers(rows: FromClause) -> Insert:
    """Ask for the clocks of the complaints of these customers (``customer_id``): promises go by a customer's class."""
    new = {
        "workspace_id": rows.c.workspace_id,
        "cause": literal("customer", Text),
        "customer_id": rows.c.customer_id,
        "asked_at": func.now(),
    }
    return _asked(new, rows)


async def follow_calendar(tx: Transaction, fact: Fact) -> None:
    """Working hours or holidays have changed, or who goes by which: clocks that are open may be due at other times."""
    if BY_CALENDAR & (fact.changes or {}).keys():
        calendar_id = fact.subject_id if fact.subject_type == "calendar" else None
        await tx.rows(_ask(), calendar_id=calendar_id)


async def workspaces_with_any(tx: Transaction) -> list[UUID]:
    """Where there is something to work out anew. ``tx`` is a ``Database.scanning()``."""
    return [row[0] for row in await tx.rows(_workspaces())]


async def take(tx: Transaction) -> Recount | None:
    """One that is to be done in this workspace, locked; None where there is none, or a colleague is at it."""
    row = await tx.row(_take())
    return None if row is None else Recount(*row)


async def move_on(tx: Transaction, taken: Recount, *, last: UUID | None, looked_at: int, changed: int) -> None:
    """So far it is done; wholly, where there was nothing after the last one."""
    await tx.rows(_move_on(), id=taken.id, last=last, looked_at=looked_at, changed=changed)


def _asked(new: dict[str, ColumnElement[Any]], source: FromClause) -> Insert:
    r = sla_recounts.c
    again = {"asked_at": func.now(), "after_id": null(), "looked_at": 0, "changed": 0, "updated_at": func.now()}
    return (
        insert(sla_recounts)
        .from_select(list(new), select(*new.values()).select_from(source))
        .on_conflict_do_update(
            index_elements=[r.workspace_id, r.severity, r.calendar_id, r.customer_id],
            index_where=r.finished_at.is_(None),
            set_=again,
        )
    )


@statement
def _ask() -> Insert:
    home = select(bindparam("workspace_id", type_=Uuid).label("workspace_id")).subquery("home")
    new = {
        "workspace_id": home.c.workspace_id,
        "cause": literal("calendar", Text),
        "calendar_id": cast(bindparam("calendar_id", type_=Uuid), Uuid),
        "asked_at": func.now(),
    }
    return _asked(new, home)


@statement
def _workspaces() -> Select[Any]:
    return select(sla_recounts.c.workspace_id).where(sla_recounts.c.finished_at.is_(None)).distinct()


@statement
def _take() -> Select[Any]:
    r = sla_recounts.c
    return (
        select(*(r[name] for name in Recount._fields))
        .where(r.workspace_id == bindparam("workspace_id", type_=Uuid), r.finished_at.is_(None))
        .order_by(r.asked_at, r.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


@statement
def _move_on() -> Update:
    r = sla_recounts.c
    last = bindparam("last", type_=Uuid)
    return (
        update(sla_recounts)
        .where(r.workspace_id == bindparam("workspace_id", type_=Uuid), r.id == bindparam("id", type_=Uuid))
        .values(
            after_id=func.coalesce(last, r.after_id),
            looked_at=r.looked_at + bindparam("looked_at", type_=Integer),
            changed=r.changed + bindparam("changed", type_=Integer),
            finished_at=case((last.is_(None), func.now())),
            updated_at=func.now(),
        )
    )
