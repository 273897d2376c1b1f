"""The day by which the card of a sale is looked at again (``domain.md`` B2, D9), on a working day."""

from typing import Any

from sqlalchemy import ColumnElement, Uuid, bindparam, case, func, select

from crm.calendars.whose import is_working_day, working_days_after
from crm.workspaces.models import workspaces


def on_a_working_day(day: ColumnElement[Any]) -> ColumnElement[Any]:
    """This day, or the next working day where it is a day off; as it is beyond the years that the calendar keeps."""
    of = _calendar()
    return case(
        (day.is_(None), None),
        else_=func.coalesce(case((is_working_day(of, day), day), else_=working_days_after(of, day, 1)), day),
    )


def _calendar() -> ColumnElement[Any]:
    """The workspace's calendar: a card is looked at by whoever leads, whatever the calendar of its owner."""
    at_home = workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(workspaces.c.calendar_id).where(at_home).scalar_subquery()
