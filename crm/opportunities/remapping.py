"""When a pipeline changes or is put aside, the sales in it go where they are told to: none is ever orphaned.

All of it is one transaction: either the pipeline is another and each sale has its stage, with a row of history and a
fact, or nothing has happened.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Insert, Select, Update, Uuid, and_, any_, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from crm.database import Transaction, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.nouns import Answer
from crm.opportunities import events, history
from crm.opportunities.errors import StagesInUse
from crm.opportunities.models import new_place, opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import before
from crm.pipelines import actions
from crm.pipelines.models import pipeline_stages, pipelines
from crm.pipelines.schemas import ChecklistSent, PipelineArchive, StagesChange, missing_checks
from crm.recording import recorded

SHIFT = 1000
"""Beyond any place, so that stages can change places."""


async def put_stages(tx: Transaction, pipeline_id: UUID, wanted: StagesChange) -> Answer:
    """Make these the stages; whatever is in a stage that vanishes goes where ``moves`` says, closed sales as well.

    Raises ``NotFound``, ``Stale``, ``StagesInUse`` naming the stages without a move, 422 for moves from or to a stage
    that is not there and for checks that no checklist has.
    """
    await actions.locked(tx, pipeline_id)
    _refuse_undefined(wanted, await tx.value(_checklists(), id=pipeline_id))
    old = await _stages(tx, pipeline_id)
    keys = {stage.key for stage in wanted.stages}
    vanishing = {key: id_ for key, id_ in old.items() if key not in keys}
    _refuse_moves(wanted.moves, vanishing.keys(), keys)
    used = {row["stage_id"] for row in await tx.rows(_used(False), ids=list(vanishing.values()))}
    if left := sorted(key for key, id_ in vanishing.items() if id_ in used and key not in wanted.moves):
        raise StagesInUse(stages=left)
    await tx.rows(_make_room(), id=pipeline_id)
    await actions.add_stages(tx, pipeline_id, wanted.stages)
    new = await _stages(tx, pipeline_id)
    await _remap(tx, pipeline_id, {vanishing[one]: new[other] for one, other in wanted.moves.items()}, open_only=False)
    try:
        await actions.remove_stages(tx, pipeline_id, list(vanishing.values()))
    except asyncpg.ForeignKeyViolationError as error:
        raise StagesInUse(stages=sorted(vanishing)) from error
    return await actions.note_stages(tx, pipeline_id)


async def archive(tx: Transaction, pipeline_id: UUID, wanted: PipelineArchive) -> Answer:
    """Put a pipeline aside; the sales in it that are not over go to the stages of another.

    Raises ``NotFound``, ``Stale``, ``DefaultPipelineStays``, ``StagesInUse`` naming the stages without a move, 422 for
    another pipeline, or stages, that are not there.
    """
    await actions.locked(tx, pipeline_id)
    old = await _stages(tx, pipeline_id)
    new: dict[str, UUID] = {}
    if wanted.to_pipeline_id is not None:
        new = {} if wanted.to_pipeline_id == pipeline_id else await _stages(tx, wanted.to_pipeline_id)
        if not new:
            raise invalid("to_pipeline_id", "There is no such other pipeline.", "not_found")
        _refuse_moves(wanted.moves, old.keys(), new.keys())
    used = {row["stage_id"] for row in await tx.rows(_used(True), ids=list(old.values()))}
    if used:
        if left := sorted(key for key, id_ in old.items() if id_ in used and key not in wanted.moves):
            raise StagesInUse(stages=left)
        if wanted.to_pipeline_id is None:
            raise invalid("to_pipeline_id", "Say to which pipeline they go.", "required")
        moves = {old[one]: new[other] for one, other in wanted.moves.items()}
        await _remap(tx, wanted.to_pipeline_id, moves, open_only=True)
    return await actions.archive(tx, pipeline_id)


def _refuse_undefined(wanted: StagesChange, checklists: list[Mapping[str, Any]]) -> None:
    defined = [ChecklistSent.model_validate(one) for one in checklists]
    if undefined := missing_checks(list(wanted.stages), defined):
        raise invalid("stages", f"No checklist has {', '.join(undefined)}.")


def _refuse_moves(moves: Mapping[str, str], sources: Any, targets: Any) -> None:
    errors = [
        FieldError(f"#/moves/{one}", "There is no such stage that vanishes.", "unknown")
        for one in moves
        if one not in sources
    ]
    errors += [
        FieldError(f"#/moves/{one}", "There is no such stage to go to.", "not_found")
        for one, other in moves.items()
        if other not in targets
    ]
    if errors:
        raise Unprocessable(errors=tuple(errors))


async def _stages(tx: Transaction, pipeline_id: UUID | None) -> dict[str, UUID]:
    return {row["key"]: row["id"] for row in await tx.rows(_of_pipeline(), id=pipeline_id)}


async def _remap(tx: Transaction, pipeline_id: UUID, moves: Mapping[UUID, UUID], *, open_only: bool) -> None:
    if moves:
        given = {"from_ids": list(moves), "to_ids": list(moves.values()), "pipeline_id": pipeline_id}
        await tx.rows(_move(open_only), event_type=events.STAGE_CHANGED, reason=None, **given)


def _home(column: ColumnElement[Any]) -> ColumnElement[bool]:
    at_home: ColumnElement[bool] = column == bindparam("workspace_id", type_=Uuid)
    return at_home


@statement
def _of_pipeline() -> Select[Any]:
    c, p = pipeline_stages.c, pipelines.c
    in_use = and_(p.workspace_id == c.workspace_id, p.id == c.pipeline_id, p.archived_at.is_(None))
    joined = pipeline_stages.join(pipelines, in_use)
    return (
        select(c.key, c.id)
        .select_from(joined)
        .where(_home(c.workspace_id), c.pipeline_id == bindparam("id", type_=Uuid))
        .order_by(c.place)
    )


@statement
def _checklists() -> Select[Any]:
    c = pipelines.c
    return select(c.checklists).where(_home(c.workspace_id), c.id == bindparam("id", type_=Uuid))


@statement
def _used(open_only: bool) -> Select[Any]:
    """The stages among these in which there is any sale."""
    c = opportunities.c
    these = c.stage_id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    found = select(c.stage_id).distinct().where(_home(c.workspace_id), these)
    return found.where(c.state.in_(before("update"))) if open_only else found


@statement
def _make_room() -> Update:
    c = pipeline_stages.c
    here = (_home(c.workspace_id), c.pipeline_id == bindparam("id", type_=Uuid))
    return update(pipeline_stages).where(*here).values(place=c.place + SHIFT)


@statement
def _move(open_only: bool) -> Insert:
    arrays = [bindparam(name, type_=ARRAY(Uuid)) for name in ("from_ids", "to_ids")]
    to = func.unnest(*arrays).table_valued("from_id", "to_id", name="to").render_derived()
    c = opportunities.c
    moved = (
        update(opportunities)
        .where(_home(c.workspace_id), c.stage_id == to.c.from_id)
        .values(
            pipeline_id=bindparam("pipeline_id", type_=Uuid),
            stage_id=to.c.to_id,
            stage_entered_at=func.now(),
            board_place=new_place,
        )
    )
    if open_only:
        moved = moved.where(c.state.in_(before("update")))
    return recorded(OPPORTUNITY, moved, also=partial(history.moved, "remap"))
