"""Whether a customer hears from us as often as it wants (``domain.md`` B1): never, on track, due today, overdue.

``next_contact_due_on`` is the working day by which to be in touch next; care keeps it (``crm.care``).
"""

from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    or_,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.calendars.whose import working_days_after, working_days_before
from crm.customers.models import customers, next_contact_key
from crm.customers.vocabulary import Rhythm


def rhythm(customer: FromClause, today: ColumnElement[Any]) -> ColumnElement[Any]:
    """The state, and by how many days the day has passed: null as long as it has not."""
    c = customer.c
    state = case(
        (c.last_contact_at.is_(None), "never"),
        (c.next_contact_due_on < today, "overdue"),
        (c.next_contact_due_on == today, "due"),
        else_="on_track",
    )
    over = case((c.next_contact_due_on < today, today - c.next_contact_due_on))
    return func.json_build_object("state", state, "days_over", over)


def on_a_working_day(
    start: ColumnElement[Any], due: ColumnElement[Any], calendar_id: ColumnElement[Any]
) -> ColumnElement[Any]:
    """``rules.next_contact_due`` as SQL: the last working day after the start and up to this one, else the next.

    For a year that no calendar keeps, Monday to Friday are working days.
    """
    weekend = func.greatest(cast(extract("isodow", due), Integer) - 5, 0)
    earlier = func.coalesce(working_days_before(calendar_id, due, 0), due - weekend)
    later = func.coalesce(working_days_after(calendar_id, due, 0), due + case((weekend > 0, 3 - weekend), else_=0))
    return case((earlier > start, earlier), else_=later)


def in_rhythm(today: ColumnElement[Any]) -> ColumnElement[bool]:
    """Filter: in any of these states. Days are compared as the index has them."""
    spoken = customers.c.last_contact_at.is_not(None)
    states: dict[str, ColumnElement[bool]] = {
        "never": customers.c.last_contact_at.is_(None),
        "on_track": and_(spoken, next_contact_key > today),
        "due": and_(spoken, next_contact_key == today),
        "overdue": and_(spoken, next_contact_key < today),
    }
    asked = any_(bindparam("rhythm", type_=ARRAY(Text)))
    return or_(*(and_(literal(state) == asked, states[state]) for state in get_args(Rhythm)))
