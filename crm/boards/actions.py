"""Moving a card: through the same gates as any other move, and to its place among the others.

The order of cards is how people look at a board and nothing that happened to a sale: it makes no fact and no version.
"""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Update, Uuid, bindparam, func, select, text, update

from crm.actor import Sight
from crm.boards.places import between
from crm.boards.schemas import CardMove
from crm.database import Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.opportunities import moves, moving
from crm.opportunities.models import new_place, opportunities
from crm.opportunities.move_schemas import OpportunityAdvance, OpportunityStepBack
from crm.opportunities.queries import OPPORTUNITY, visible
from crm.pipelines.models import pipeline_stages
from crm.recording import explain
from crm.tables import home


async def move(tx: Transaction, opportunity_id: UUID, wanted: CardMove) -> Answer:
    """Move a card into a column and to a place there.

    Raises as ``moves.advance`` and ``moves.step_back``; 422 for a stage of another pipeline, a card that is in another
    column, a way back without a reason.
    """
    answer = await explain(tx, OPPORTUNITY, opportunity_id)
    row = orjson.loads(answer.body)
    stage = await tx.row(_stage(), stage_id=wanted.stage_id, pipeline_id=UUID(row["pipeline_id"]))
    if stage is None:
        raise invalid("stage_id", "The pipeline has no such stage.", "not_found")
    moving.refuse("advance", row)
    goes_on, here = stage["place"] - row["stage"]["place"], UUID(row["stage_id"]) == wanted.stage_id
    if goes_on > 0:
        answer = await moves.advance(tx, opportunity_id, OpportunityAdvance(to=stage["key"], reason=wanted.reason))
    elif not here:
        if wanted.reason is None:
            raise invalid("reason", "Who goes back says why.", "required")
        back = OpportunityStepBack(to=stage["key"], reason=wanted.reason)
        answer = await moves.step_back(tx, opportunity_id, back)
    await tx.row(_place(), id=opportunity_id, place=await _place_in(tx, opportunity_id, wanted))
    return answer


async def _place_in(tx: Transaction, opportunity_id: UUID, wanted: CardMove) -> str:
    """The text that puts the card where it is wanted."""
    neighbour, name = (wanted.after, "after") if wanted.after else (wanted.before, "before")
    about = {"id": opportunity_id, "stage_id": wanted.stage_id}
    if neighbour is None:
        found = await tx.row(_top(), **about)
    else:
        found = await tx.row(_beside(tx.actor.sight, above=name == "before"), neighbour=neighbour, **about)
    if found is None:
        raise invalid(name, "There is no such card in this column.", "not_found")
    low, high = found["low"], found["high"]
    # On top a card takes the place of a new one, so that those that come later come above it.
    if high is None and found["newest"] > (low or ""):
        newest: str = found["newest"]
        return newest
    return between(low or "", high)


@statement
def _stage() -> Select[Any]:
    s = pipeline_stages.c
    return select(s.key, s.place).where(
        s.workspace_id == home(),
        s.id == bindparam("stage_id", type_=Uuid),
        s.pipeline_id == bindparam("pipeline_id", type_=Uuid),
    )


def _others() -> list[Any]:
    c = opportunities.c
    return [
        c.workspace_id == home(),
        c.stage_id == bindparam("stage_id", type_=Uuid),
        c.state == "open",
        c.archived_at.is_(None),
        c.id != bindparam("id", type_=Uuid),
    ]


@statement
def _top() -> Select[Any]:
    top = select(func.max(opportunities.c.board_place)).where(*_others()).scalar_subquery()
    return select(top.label("low"), text("NULL::text AS high"), new_place.label("newest"))


@statement
def _beside(sight: Sight, *, above: bool) -> Select[Any]:
    """The places between which a card is right above, or right below, another."""
    c, other = opportunities.c, opportunities.alias("other")
    o = other.c
    column = [
        o.workspace_id == c.workspace_id, o.stage_id == c.stage_id, o.state == "open", o.archived_at.is_(None),
        o.id != bindparam("id", type_=Uuid),
    ]  # fmt: skip
    beyond = o.board_place > c.board_place if above else o.board_place < c.board_place
    nearest = (func.min if above else func.max)(o.board_place)
    further = select(nearest).where(*column, beyond).correlate(opportunities).scalar_subquery()
    low, high = (c.board_place, further) if above else (further, c.board_place)
    found = select(low.label("low"), high.label("high"), new_place.label("newest"))
    return found.where(*_others(), c.id == bindparam("neighbour", type_=Uuid), visible(sight))


@statement
def _place() -> Update:
    c = opportunities.c
    this = (c.workspace_id == home(), c.id == bindparam("id", type_=Uuid))
    return update(opportunities).where(*this).values(board_place=bindparam("place", type_=c.board_place.type))
