"""Where an opportunity has been: a row for each move, written with it, and how they are read."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    extract,
    func,
    insert,
    literal,
    null,
    select,
    text,
)
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import mention, this_one
from crm.opportunities.models import opportunities, opportunity_moves
from crm.opportunities.queries import OPPORTUNITY
from crm.pipelines.models import pipeline_stages
from crm.tables import Moment, utc
from crm.workspaces.models import users


def began(changed: CTE) -> Iterable[Insert]:
    """The first row: where a new opportunity begins."""
    c = changed.c
    return [
        _written(
            changed,
            move=literal("create", Text),
            from_state=cast(null(), Text),
            from_stage_id=cast(null(), Uuid),
            moved_at=c.stage_entered_at,
            seconds_in_stage=cast(null(), BigInteger),
            reason=cast(null(), Text),
        )
    ]


def moved(move: str, changed: CTE) -> Iterable[Insert]:
    """The row of a move, with how long the opportunity was where it came from; parameter ``reason``."""
    old = changed.c.old_row
    entered = cast(old["stage_entered_at"].astext, Moment)
    return [
        _written(
            changed,
            move=literal(move, Text),
            from_state=old["state"].astext,
            from_stage_id=cast(old["stage_id"].astext, Uuid),
            moved_at=func.now(),
            seconds_in_stage=cast(func.greatest(func.floor(extract("epoch", func.now() - entered)), 0), BigInteger),
            reason=bindparam("reason", type_=Text),
        )
    ]


def _written(changed: CTE, **said: ColumnElement[Any]) -> Insert:
    c = changed.c
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "opportunity_id": c.id,
        "to_state": c.state,
        "to_stage_id": c.stage_id,
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        **said,
    }
    return insert(opportunity_moves).from_select(list(row), select(*row.values()).select_from(changed))


async def of(access: Access, opportunity_id: UUID) -> bytes:
    """Where an opportunity has been, in order. Raises ``NotFound``."""
    found = await access.value(_of(access.actor.sight), id=opportunity_id)
    if found is None:
        raise NotFound
    body: str = found
    return body.encode()


@statement
def _of(sight: Sight) -> Select[Any]:
    move, actor = opportunity_moves.alias("move"), users.alias("actor")
    left, entered = pipeline_stages.alias("left_stage"), pipeline_stages.alias("entered_stage")
    m = move.c
    one = func.json_build_object(
        "id", m.id, "move", m.move, "from_state", m.from_state, "from_stage", _stage(m.from_stage_id, left),
        "to_state", m.to_state, "to_stage", _stage(m.to_stage_id, entered), "moved_at", utc(m.moved_at),
        "seconds_in_stage", m.seconds_in_stage, "reason", m.reason, "actor", mention(actor),
    )  # fmt: skip
    all_of_it = (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(m.moved_at, m.id), text("'[]'::json")))
        .select_from(
            move.outerjoin(left, and_(left.c.workspace_id == m.workspace_id, left.c.id == m.from_stage_id))
            .outerjoin(entered, and_(entered.c.workspace_id == m.workspace_id, entered.c.id == m.to_stage_id))
            .outerjoin(actor, and_(actor.c.workspace_id == m.workspace_id, actor.c.id == m.actor_id))
        )
        .where(m.workspace_id == opportunities.c.workspace_id, m.opportunity_id == opportunities.c.id)
        .correlate(opportunities)
        .scalar_subquery()
    )
    return select(cast(func.json_build_object("data", all_of_it), Text)).where(this_one(OPPORTUNITY, sight))


def _stage(id_: ColumnElement[Any], stage: FromClause) -> ColumnElement[Any]:
    """A stage by the name it has now; by its id alone where it was taken away since."""
    return case((id_.is_not(None), func.json_build_object("id", id_, "key", stage.c.key, "name", stage.c.name)))
