"""By when to be in touch next, for sets of customers: ``customers.rules.next_contact_due`` as SQL.

By the calendar of whoever looks after the customer; for a year that no calendar keeps, Monday to Friday are working
days, as the calendar's own week has it in nearly every case. Where the two differ, the rule in Python decides: this
finds whom to look at.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    Time,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    or_,
    select,
)

from crm.calendars.whose import user_calendars, will_be_away
from crm.care.queries import is_switched_off
from crm.customers.models import customers
from crm.customers.rhythm import on_a_working_day
from crm.days import local_date
from crm.tasks.models import tasks
from crm.workspaces.models import users, workspaces


def people_and_calendars() -> tuple[FromClause, ColumnElement[bool]]:
    """Who goes by which calendar, nobody (null) by the workspace's, and how customers join it.

    ``away``: they will be absent, so that days follow which no calendar has: look, whatever this finds.
    """
    of_user = user_calendars()
    away = will_be_away(of_user.c.user_id, local_date(func.now())).label("away")
    people = select(of_user.c.user_id, of_user.c.calendar_id, away)
    home = workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    nobody = select(cast(None, Uuid).label("user_id"), workspaces.c.calendar_id, false()).where(home)
    of = people.union_all(nobody).subquery("calendars_of")
    return of, of.c.user_id.is_not_distinct_from(customers.c.owner_id)


def contact_every(customer: FromClause) -> ColumnElement[int]:
    """The cadence: at most so many days between two contacts, by tier."""
    c = customer.c
    days = {name: bindparam(f"cadence_{name}", type_=Integer) for name in ("double", "key", "potential", "ordinary")}
    wanted = case(
        (c.key_kind == "double", days["double"]),
        (or_(c.key_kind.is_not(None), c["class"] == "key"), days["key"]),
        (c["class"] == "potential", days["potential"]),
        else_=days["ordinary"],
    )
    return func.least(wanted, bindparam("warmth_cold_from", type_=Integer) - 1, type_=Integer)


def next_contact_due(customer: FromClause, calendar_id: ColumnElement[Any]) -> ColumnElement[Any]:
    """The day itself: the last working day up to the cadence's end, else the first one after it."""
    start = local_date(func.coalesce(customer.c.last_contact_at, customer.c.created_at))
    due = start + contact_every(customer)
    return on_a_working_day(start, due, calendar_id)


def told_for_another_moment() -> ColumnElement[bool]:
    """There is an open task to get in touch, due at another moment than the customer's day asks for."""
    clock = cast(bindparam("reminder_time", type_=Text), Time)
    wanted = func.timezone(bindparam("timezone", type_=Text), customers.c.next_contact_due_on + clock)
    return exists().where(
        tasks.c.workspace_id == customers.c.workspace_id,
        tasks.c.customer_id == customers.c.id,
        tasks.c.kind == "contact_due",
        tasks.c.state == "open",
        tasks.c.due_at != wanted,
    )


def told_or_not() -> ColumnElement[bool]:
    """There is an open task where nobody is to be told, or none where somebody is: as ``Cared.may_be_planned``."""
    c, t = customers.c, tasks.c
    has_one = exists().where(
        t.workspace_id == c.workspace_id, t.customer_id == c.id, t.kind == "contact_due", t.state == "open"
    )
    active = exists().where(users.c.workspace_id == c.workspace_id, users.c.id == c.owner_id, users.c.state == "active")
    return has_one != and_(active, ~c.do_not_contact, ~is_switched_off())
