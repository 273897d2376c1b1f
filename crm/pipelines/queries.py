"""How a pipeline looks, and everything that reads pipelines."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Text, bindparam, cast, func, select, text, true

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun
from crm.pipelines.models import pipeline_stages, pipelines
from crm.pipelines.schemas import PipelineFilter
from crm.reading import Listing
from crm.tables import stamps, utc


def shape(pipeline: FromClause) -> Select[Any]:
    """A pipeline with its stages in order, once: the answer and the event."""
    c = pipeline.c
    return select(
        c.id,
        c.name,
        c.name_zh,
        c.is_default,
        _stages(pipeline).label("stages"),
        c.checklists,
        utc(c.archived_at).label("archived_at"),
        *stamps(pipeline),
    ).select_from(pipeline)


def stage_as_json(stage: FromClause) -> ColumnElement[Any]:
    """A stage as its pipeline shows it."""
    names = ("id", "key", "name", "name_zh", "place", "forecast_category", "progress_code", "expected_days", "late")
    parts = [part for name in names for part in (name, stage.c[name])]
    return func.json_build_object(*parts, "requires", stage.c.requires, "probability", cast(stage.c.probability, Text))


def _stages(pipeline: FromClause) -> ColumnElement[Any]:
    stage = pipeline_stages.alias("stage")
    found = func.json_agg(stage_as_json(stage)).aggregate_order_by(stage.c.place)
    return (
        select(func.coalesce(found, text("'[]'::json")))
        .where(stage.c.workspace_id == pipeline.c.workspace_id, stage.c.pipeline_id == pipeline.c.id)
        .scalar_subquery()
    )


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone of a workspace sells by the same ways."""
    return true()


PIPELINE = Noun("pipeline", pipelines, shape, visible, customer=None)
LIST = Listing(
    PIPELINE,
    sorts={"created_at": pipelines.c.created_at, "name": pipelines.c.name},
    filters={"archived": pipelines.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean)},
)


async def get(access: Access, pipeline_id: UUID) -> Answer:
    """One pipeline. Raises ``NotFound``."""
    return await reading.one(access, PIPELINE, pipeline_id)


async def page(access: Access, wanted: PipelineFilter) -> bytes:
    """A page of pipelines, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
