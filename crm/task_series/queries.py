"""How a series of tasks looks, and everything that reads them."""

from typing import Any
from uuid import UUID

from sqlalchemy import FromClause, Select, and_, func, select

from crm import reading
from crm.database import Access
from crm.nouns import Answer, Noun, held_by, mention
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.task_series.schemas import TaskSeriesFilter
from crm.tasks.origins import task_series
from crm.workspaces.models import users


def shape(series: FromClause) -> Select[Any]:
    """A series, once: the answer and the event."""
    c, assignee = series.c, users.alias("assignee")
    return select(
        c.id, c.title, c.note, c.kind,
        func.json_build_object("type", c.subject_type, "id", c.subject_id).label("subject"),
        c.customer_id, c.assignee_id, mention(assignee).label("assignee"), c.team_id,
        c.rrule, c.first_at, c.timezone, c.remind_before.label("minutes_before"),
        c.state, c.last_at, c.made, utc(c.ended_at).label("ended_at"), c.ended_because, *stamps(series),
    ).select_from(
        series.outerjoin(assignee, and_(assignee.c.workspace_id == c.workspace_id, assignee.c.id == c.assignee_id))
    )  # fmt: skip


TASK_SERIES = Noun("task_series", task_series, shape, held_by(task_series, "assignee_id"))

LIST = Listing(
    TASK_SERIES,
    sorts={"created_at": task_series.c.created_at},
    filters=among(task_series, ["assignee_id", "customer_id", "subject_id", "state"]),
)


async def get(access: Access, series_id: UUID) -> Answer:
    """One series. Raises ``NotFound``."""
    return await reading.one(access, TASK_SERIES, series_id)


async def page(access: Access, wanted: TaskSeriesFilter) -> bytes:
    """A page of series."""
    return await reading.page(access, LIST, wanted)
