"""Pipelines, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.opportunities import remapping
from crm.opportunities.errors import StagesInUse
from crm.paging import Page
from crm.pipelines import actions, queries
from crm.pipelines.errors import DefaultPipelineStays, PipelineArchived, PipelineNameTaken
from crm.pipelines.schemas import (
    PipelineArchive,
    PipelineCreate,
    PipelineFilter,
    PipelineRead,
    PipelineUpdate,
    StagesChange,
)
from crm.recording import AlreadyExists
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

PipelineReads = Annotated[Access, reads("pipelines")]
PipelineWrites = Annotated[Access, writes("pipelines")]
PipelineChanges = Annotated[Transaction, changes("pipelines")]

router = new_router(tags=["pipelines"])


@router.get("/pipelines", response_model=Page[PipelineRead])
async def list_pipelines(access: PipelineReads, wanted: Annotated[PipelineFilter, Query()]) -> bytes:
    """The ways your sales go, each with its stages in order."""
    return await queries.page(access, wanted)


@router.post(
    "/pipelines",
    status_code=201,
    response_model=PipelineRead,
    responses=problems(PipelineNameTaken, AlreadyExists),
)
async def create_pipeline(tx: PipelineChanges, new: PipelineCreate) -> Answer:
    """Add a pipeline with its stages, each with what must be known before a sale may enter it."""
    return await actions.create(tx, new)


@router.get("/pipelines/{pipeline_id}", response_model=PipelineRead)
async def get_pipeline(access: PipelineReads, pipeline_id: UUID) -> Answer:
    """One pipeline."""
    return await queries.get(access, pipeline_id)


@router.patch(
    "/pipelines/{pipeline_id}", response_model=PipelineRead, responses=problems(PipelineArchived, PipelineNameTaken)
)
async def update_pipeline(access: PipelineWrites, pipeline_id: UUID, change: PipelineUpdate) -> Answer:
    """Change a pipeline's name or its checklists."""
    return await actions.update(access, pipeline_id, change)


@router.post("/pipelines/{pipeline_id}/make-default", response_model=PipelineRead, responses=problems(PipelineArchived))
async def make_default_pipeline(tx: PipelineChanges, pipeline_id: UUID) -> Answer:
    """Let new opportunities go through this pipeline where they do not say another."""
    return await actions.make_default(tx, pipeline_id)


@router.put("/pipelines/{pipeline_id}/stages", response_model=PipelineRead, responses=problems(StagesInUse))
async def put_pipeline_stages(tx: PipelineChanges, pipeline_id: UUID, wanted: StagesChange) -> Answer:
    """Make these the stages, in this order. A stage with a key that is there already stays the same stage.

    Sales in a stage that vanishes go where `moves` says, closed ones too, each with a fact: none is left without one.
    """
    return await remapping.put_stages(tx, pipeline_id, wanted)


@router.post(
    "/pipelines/{pipeline_id}/archive",
    response_model=PipelineRead,
    responses=problems(DefaultPipelineStays, StagesInUse),
)
async def archive_pipeline(tx: PipelineChanges, pipeline_id: UUID, wanted: PipelineArchive | None = None) -> Answer:
    """Put a pipeline aside: no new sales begin there. The ones that are not over go to stages of another pipeline."""
    return await remapping.archive(tx, pipeline_id, wanted or PipelineArchive())


@router.post("/pipelines/{pipeline_id}/restore", response_model=PipelineRead, responses=problems(PipelineNameTaken))
async def restore_pipeline(access: PipelineWrites, pipeline_id: UUID) -> Answer:
    """Bring an archived pipeline back."""
    return await actions.restore(access, pipeline_id)
