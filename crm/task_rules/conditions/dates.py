"""A day that a record names comes near or is over: the end of a contract, a verification to repeat, an anniversary."""

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import INTERVAL

from crm.calendars.whose import working_days_after, working_days_before
from crm.customers.models import customers
from crm.database import Access
from crm.days import local_date
from crm.errors import invalid
from crm.fields import Sent
from crm.task_rules.conditions.kinds import TODAY, Condition, Variant, is_there
from crm.workspaces.custom_fields import current
from crm.workspaces.custom_rules import Definition

DATES = frozenset({"verified_on", "next_contact_due_on", "last_contact_at", "created_at", "trust_rated_at"})
"""Columns of customers that name a day; a custom field of the type ``date`` is ``custom.<key>``."""

LATE = 31
"""So many days after it began to hold it is still worth a task: what is imported with days long past makes none."""

_CUSTOM = re.compile(r"custom\..+")


class DateParameters(Sent):
    """Which day of a customer's file, and how long before or after it; with `yearly`, each year anew."""

    field: Annotated[str, StringConstraints(pattern=r"^([a-z_]+|custom\.[^\s]{1,100})$")]
    days: Annotated[int, Field(ge=0, le=3650)] = 30
    when: Literal["before", "after"] = "before"
    working_days: bool = False
    yearly: bool = False


async def _check(access: Access, wanted: DateParameters) -> None:
    if not _CUSTOM.fullmatch(wanted.field):
        if wanted.field not in DATES:
            raise invalid("trigger/parameters/field", "There is no such day of a record.", "unknown")
        return
    definition: Definition | None = (await current(access, "customer")).get(wanted.field.removeprefix("custom."))
    if definition is None or definition.type != "date" or definition.archived:
        raise invalid("trigger/parameters/field", "There is no such field of the type date.", "unknown")


def _named_day(field: str) -> ColumnElement[date]:
    c = customers.c
    if field == "custom":
        said = c.custom[bindparam("rule_key", type_=Text)].astext
        return case((func.pg_input_is_valid(said, literal("date", Text)), cast(said, Date)))
    return c[field] if isinstance(c[field].type, Date) else local_date(c[field])


def _rows(variant: Variant) -> Select[Any]:
    field, when, _, yearly = variant
    c, home = customers.c, bindparam("workspace_id", type_=Uuid)
    day = _named_day(field)
    days = bindparam("rule_days", type_=Integer)
    if yearly:
        # The next one of the years, from the last day on that may still matter; 29 February is the 28th else.
        from_day = TODAY - LATE if when == "before" else TODAY - days - LATE
        ago = func.greatest(func.date_part("year", func.age(from_day - 1, day)) + 1, 1)
        day = cast(day + cast(func.concat(ago, " years"), INTERVAL), Date)
    at = select(day.label("day")).correlate(customers).offset(0).lateral("at")
    # Room for holidays between so many working days and as many days of the calendar.
    reach = days * 2 + 20
    near = at.c.day <= TODAY + reach if when == "before" else at.c.day <= TODAY
    late = at.c.day >= TODAY - LATE if when == "before" else at.c.day >= TODAY - LATE - reach
    return (
        select(
            c.id, c.id.label("customer_id"), c.owner_id, c.name, c.name.label("customer_name"),
            c.do_not_contact.label("left_alone"), at.c.day, cast(null(), Date).label("until"),
        )
        .select_from(customers.join(at, and_(near, late)))
        .where(c.workspace_id == home, is_there(customers))
    )  # fmt: skip


def _begins(variant: Variant, calendar_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    _, when, working, _ = variant
    days = bindparam("rule_days", type_=Integer)
    plain = cast(day - days if when == "before" else day + days, Date)
    if not working:
        return plain
    counted = (working_days_before if when == "before" else working_days_after)(calendar_id, day, days)
    return func.coalesce(counted, plain, type_=Date)


class _DateReached(Condition):
    def variant(self, parameters: Any) -> Variant:
        """All but the number of days and the key of a field of the workspace's own."""
        field = "custom" if _CUSTOM.fullmatch(parameters.field) else parameters.field
        return (field, parameters.when, parameters.working_days, parameters.yearly)

    def values(self, parameters: Any) -> dict[str, Any]:
        """Those two."""
        return {"rule_days": parameters.days, "rule_key": parameters.field.removeprefix("custom.")}


DATE_REACHED = _DateReached(
    "date_reached",
    "A day that a customer's file names, of its own fields or of yours, comes near or is over.",
    "customer",
    DateParameters,
    _rows,
    _begins,
    late=LATE,
    check=_check,
)
