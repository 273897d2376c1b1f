"""Birthdays, by either calendar: ``contacts.next_birthday_on`` knows the day (``domain.md`` A219, A221, B12, D8)."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Date, Integer, Select, Uuid, and_, bindparam, cast, func, select

from crm.calendars.whose import working_days_before
from crm.contacts.models import contacts, next_birthday_key
from crm.customers.models import customers
from crm.fields import Sent
from crm.task_rules.conditions.kinds import TODAY, Condition, Variant, is_there


class BirthdayParameters(Sent):
    """How long before, in working days of whoever is to act or in calendar days; 0 is the day itself."""

    days_before: Annotated[int, Field(ge=0, le=60)] = 3
    working_days: bool = True


DAYS_BEFORE = bindparam("rule_days_before", type_=Integer)


def _rows(_: Variant) -> Select[Any]:
    c, home = contacts.c, bindparam("workspace_id", type_=Uuid)
    # Far enough for so many working days over any holidays; an index serves it.
    horizon = TODAY + (DAYS_BEFORE * 2 + 20)
    return (
        select(
            c.id, c.customer_id, customers.c.owner_id, c.name, customers.c.name.label("customer_name"),
            (c.do_not_contact | customers.c.do_not_contact).label("left_alone"),
            c.next_birthday_on.label("day"), c.next_birthday_on.label("until"),
        )
        .select_from(contacts.join(customers, and_(customers.c.workspace_id == home, customers.c.id == c.customer_id)))
        .where(c.workspace_id == home, next_birthday_key >= TODAY, next_birthday_key <= horizon)
        .where(c.archived_at.is_(None), c.left_on.is_(None), is_there(customers))
    )  # fmt: skip


def _begins(variant: Variant, calendar_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    calendar_days_before = cast(day - DAYS_BEFORE, Date)
    # Zero working days before is the day itself, working or not.
    if variant != (True,):
        return calendar_days_before
    return func.coalesce(working_days_before(calendar_id, day, DAYS_BEFORE), calendar_days_before, type_=Date)


BIRTHDAY = Condition(
    "birthday",
    "The birthday of a contact comes near, by the calendar it is kept in.",
    "contact",
    BirthdayParameters,
    _rows,
    _begins,
    shaped_by=("working_days",),
)
