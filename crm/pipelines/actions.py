"""Everything that changes a pipeline but what happens to the sales in it (``crm.opportunities.remapping``)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Insert, Update, Uuid, any_, bindparam, delete, func, insert
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.errors import NotFound
from crm.nouns import Answer
from crm.pipelines import events
from crm.pipelines.errors import DefaultPipelineStays, PipelineArchived, PipelineNameTaken
from crm.pipelines.models import ONE_PIPELINE_PER_NAME, pipeline_stages, pipelines
from crm.pipelines.queries import PIPELINE
from crm.pipelines.schemas import PipelineCreate, PipelineUpdate, StageSent
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import at_home
from crm.workspaces.ids import new_id

TAKEN = {ONE_PIPELINE_PER_NAME: PipelineNameTaken}


async def create(tx: Transaction, new: PipelineCreate, *, is_default: bool = False) -> Answer:
    """Add a pipeline with its stages. Raises ``PipelineNameTaken``, ``AlreadyExists``."""
    values = new.model_dump(mode="json", exclude={"stages", "id"}, exclude_none=True)
    values |= {"id": new.id or await new_id(tx), "is_default": is_default}
    values["checklists"] = [one.model_dump(mode="json") for one in new.checklists]
    # The stages first: what the pipeline's fact shows of them must be there when it is written.
    await add_stages(tx, values["id"], new.stages)
    made = await record(tx, events.CREATED, _create(frozenset(values)), refusals=TAKEN, **renamed(values))
    return made or await explain(tx, PIPELINE, values["id"])


async def update(access: Access, pipeline_id: UUID, change: PipelineUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``PipelineArchived``, ``PipelineNameTaken``."""
    values = change.model_dump(mode="json", exclude_unset=True)
    if "checklists" in values:
        values["checklists"] = [one.model_dump(mode="json") for one in change.checklists]
    changed = await record(
        access, events.UPDATED, _update(frozenset(values)), refusals=TAKEN, id=pipeline_id, **renamed(values)
    )
    if changed is not None:
        return changed
    answer = await explain(access, PIPELINE, pipeline_id)
    if b'"archived_at":null' not in answer.body.encode():
        raise PipelineArchived
    return answer


async def make_default(tx: Transaction, pipeline_id: UUID) -> Answer:
    """New opportunities go through this one. Raises ``NotFound``, ``Stale``, ``PipelineArchived``."""
    await tx.rows(_no_default(), id=pipeline_id)
    made = await record(tx, events.UPDATED, _default(), id=pipeline_id)
    if made is not None:
        return made
    answer = await explain(tx, PIPELINE, pipeline_id)
    if b'"archived_at":null' not in answer.body.encode():
        raise PipelineArchived
    return answer


async def archive(access: Access, pipeline_id: UUID) -> Answer:
    """Put a pipeline aside. Archiving twice is archiving once. Raises ``NotFound``, ``DefaultPipelineStays``."""
    archived = await record(access, events.ARCHIVED, _archive(), id=pipeline_id)
    if archived is not None:
        return archived
    answer = await explain(access, PIPELINE, pipeline_id)
    if '"is_default":true' in answer.body:
        raise DefaultPipelineStays
    return answer


async def restore(access: Access, pipeline_id: UUID) -> Answer:
    """Bring an archived pipeline back. Raises ``NotFound``, ``PipelineNameTaken``."""
    restored = await record(access, events.RESTORED, _restore(), refusals=TAKEN, id=pipeline_id)
    return restored or await explain(access, PIPELINE, pipeline_id)


async def locked(tx: Transaction, pipeline_id: UUID) -> None:
    """Keep others from changing the pipeline until the transaction ends. Raises ``NotFound``."""
    if await tx.value(_lock(), id=pipeline_id) is None:
        raise NotFound


async def add_stages(tx: Transaction, pipeline_id: UUID, stages: Sequence[StageSent], *, first: int = 1) -> None:
    """Add stages in their order, from this place on."""
    for place, stage in enumerate(stages, start=first):
        await put_stage(tx, pipeline_id, stage, place)


async def put_stage(tx: Transaction, pipeline_id: UUID, stage: StageSent, place: int) -> None:
    """Add a stage, or make the one with its key like this."""
    values = stage.model_dump() | {"place": place, "pipeline_id": pipeline_id}
    if not await tx.rows(_change_stage(), **renamed(values)):
        await tx.rows(_add_stage(), **renamed(values))


async def remove_stages(tx: Transaction, pipeline_id: UUID, ids: Sequence[UUID]) -> None:
    """Take stages away that no opportunity is in; a constraint refuses the others."""
    await tx.rows(_remove_stages(), id=pipeline_id, ids=list(ids))


async def note_stages(tx: Transaction, pipeline_id: UUID) -> Answer:
    """Tell that the stages are others now."""
    changed = await record(tx, events.STAGES_CHANGED, _note_stages(), id=pipeline_id)
    return changed or await explain(tx, PIPELINE, pipeline_id)


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(PIPELINE, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(PIPELINE, Sight.ALL, columns, pipelines.c.archived_at.is_(None))


@statement
def _no_default() -> Update:
    others = pipelines.c.id != bindparam("id", type_=Uuid)
    return pipelines.update().where(at_home(pipelines), others, pipelines.c.is_default).values(is_default=False)


@statement
def _default() -> Insert:
    return changing(PIPELINE, Sight.ALL, (), pipelines.c.archived_at.is_(None), values={"is_default": True})


@statement
def _archive() -> Insert:
    free = (pipelines.c.archived_at.is_(None), ~pipelines.c.is_default)
    return changing(PIPELINE, Sight.ALL, (), *free, values={"archived_at": func.now()})


@statement
def _restore() -> Insert:
    return changing(PIPELINE, Sight.ALL, (), pipelines.c.archived_at.is_not(None), values={"archived_at": None})


@statement
def _note_stages() -> Insert:
    return changing(PIPELINE, Sight.ALL, (), values={"stages_changed": pipelines.c.stages_changed + 1})


@statement
def _lock() -> Any:
    from_here = pipelines.select().with_only_columns(pipelines.c.id)
    return from_here.where(at_home(pipelines), pipelines.c.id == bindparam("id", type_=Uuid)).with_for_update()


SET = ("name", "name_zh", "place", "probability", "forecast_category", "progress_code", "expected_days", "late")


def _new_values() -> dict[str, Any]:
    stage = pipeline_stages.c
    return {name: bindparam(f"new_{name}", type_=stage[name].type) for name in (*SET, "requires")}


@statement
def _add_stage() -> Insert:
    named = {name: bindparam(f"new_{name}", type_=pipeline_stages.c[name].type) for name in ("pipeline_id", "key")}
    home = {"workspace_id": bindparam("workspace_id", type_=Uuid)}
    return insert(pipeline_stages).values(home | named | _new_values())


@statement
def _change_stage() -> Update:
    stage = pipeline_stages.c
    return (
        pipeline_stages.update()
        .where(
            stage.workspace_id == bindparam("workspace_id", type_=Uuid),
            stage.pipeline_id == bindparam("new_pipeline_id", type_=Uuid),
            stage.key == bindparam("new_key", type_=stage.key.type),
        )
        .values(**_new_values(), version=stage.version + 1, updated_at=func.now())
        .returning(stage.id)
    )


@statement
def _remove_stages() -> Delete:
    stage = pipeline_stages.c
    return delete(pipeline_stages).where(
        stage.workspace_id == bindparam("workspace_id", type_=Uuid),
        stage.pipeline_id == bindparam("id", type_=Uuid),
        stage.id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    )
