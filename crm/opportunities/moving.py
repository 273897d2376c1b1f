"""How opportunities move from stage to stage and from state to state (``domain.md`` C2).

A move is one statement: its guard by state, the gates of the stages on its way, the change, its row of history and its
fact. Of two people who move the same opportunity at the same moment one does, and the other is told how it stands.
"""

from collections.abc import Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    func,
    literal,
    null,
    or_,
    select,
)

from crm.actor import Sight
from crm.database import Access, statement
from crm.days import today
from crm.errors import Conflict, invalid
from crm.nouns import Answer, this_one
from crm.opportunities import gates, history
from crm.opportunities.beginning import JUDGED
from crm.opportunities.errors import (
    AmountComesFromItems,
    GatesUnmet,
    LostTooLongAgo,
    MovedMeanwhile,
    NoSuchStage,
    OpportunityArchived,
    OpportunityClosed,
    OpportunityNotLost,
    OpportunityNotOnHold,
    OpportunityNotOpen,
)
from crm.opportunities.grades import grade_of
from crm.opportunities.models import new_place, opportunities, opportunity_items
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.opportunities.rules import CLOSED, GATED, MOVES, before
from crm.opportunities.vocabulary import Move
from crm.pipelines.models import pipeline_stages
from crm.recording import changing, explain, record, renamed
from crm.tables import home

GOES: frozenset[Move] = frozenset({"advance", "step_back", "win", "reopen"})
"""The moves that may end in another stage."""

CONTACTED = 2
"""The progress code of a sale whose customer was reached: where a reopened one begins again."""


async def make(
    access: Access,
    move: Move,
    event_type: str,
    opportunity_id: UUID,
    values: Mapping[str, Any],
    *,
    to: str | None = None,
    reason: str | None = None,
) -> Answer:
    """Make this move with these new values.

    Raises ``NotFound``, ``Stale``, ``GatesUnmet``, ``NoSuchStage``, ``MovedMeanwhile``, or that the state forbids it.
    """
    named, columns = to is not None, frozenset(values)
    wanted = _moved(access.actor.sight, move, columns, named=named)
    moved = await record(access, event_type, wanted, id=opportunity_id, to=to, reason=reason, **renamed(values))
    if moved is not None:
        return moved
    answer = await explain(access, OPPORTUNITY, opportunity_id)
    row = orjson.loads(answer.body)
    refuse(move, row)
    at = {"state": row["state"], "stage": row["stage"]["key"]}
    found = await access.row(
        _standing(access.actor.sight, move, columns, named=named), id=opportunity_id, to=to, **renamed(values)
    )
    if found is not None:
        if not found["reaches"]:
            if named and not found["known"]:
                raise invalid("to", "The pipeline has no such stage.", "not_found")
            raise NoSuchStage(**at)
        missing = [*(found["missing"] or ()), *(() if found["has_amount"] else ("amount",))]
        if missing:
            raise GatesUnmet(missing=[gates.in_words(name) for name in dict.fromkeys(missing)], **at)
        if not found["in_time"]:
            raise LostTooLongAgo(**at)
        if not found["by_items"]:
            raise AmountComesFromItems
    raise MovedMeanwhile(**at)


def refuse(move: Move, row: Mapping[str, Any]) -> None:
    """Raise what keeps an opportunity that looks like this from making the move."""
    if row["archived_at"] is not None:
        raise OpportunityArchived
    if (row["state"], move) in MOVES:
        return
    refusal: type[Conflict] = OpportunityClosed if row["state"] in CLOSED else OpportunityNotOpen
    only = {"resume": OpportunityNotOnHold, "reopen": OpportunityNotLost}
    raise only.get(move, refusal)(state=row["state"], stage=row["stage"]["key"])


@statement
def _moved(sight: Sight, move: Move, columns: frozenset[str], *, named: bool) -> Insert:
    """An opportunity that has made this move."""
    c, seen = opportunities.c, opportunities.alias("seen")
    as_seen = select(seen.c.version).where(seen.c.workspace_id == home(), seen.c.id == bindparam("id", type_=Uuid))
    guards: list[ColumnElement[bool]] = [
        c.archived_at.is_(None),
        c.state.in_(before(move)),
        # Whoever waited for another move to commit judged by what is no more: it is not made twice.
        c.version == as_seen.scalar_subquery(),
    ]
    guards += _conditions(move, columns, named=named).values()
    if move in GATED:
        guards.append(~_missing(move, columns, named=named).exists())
    values = {"last_activity_at": func.now(), **_values(move)}
    if move in GOES:
        values |= _entering(move, named=named)
    return changing(OPPORTUNITY, sight, columns, *guards, values=values, also=partial(history.moved, move))


@statement
def _standing(sight: Sight, move: Move, columns: frozenset[str], *, named: bool) -> Select[Any]:
    """What held the move back."""
    conditions = _conditions(move, columns, named=named)
    held: list[ColumnElement[Any]] = [
        conditions.get(name, literal(True)).label(name) for name in ("reaches", "in_time", "by_items", "has_amount")
    ]
    names = _missing(move, columns, named=named).scalar_subquery() if move in GATED else None
    missing = func.array(names) if names is not None else null()
    known = _stages().where(pipeline_stages.c.key == bindparam("to", type_=Text)).exists() if named else literal(True)
    return select(*held, missing.label("missing"), known.label("known")).where(this_one(OPPORTUNITY, sight))


def _conditions(move: Move, columns: frozenset[str], *, named: bool) -> dict[str, ColumnElement[bool]]:
    """What must hold beside the state and the gates, by name."""
    c = opportunities.c
    found: dict[str, ColumnElement[bool]] = {}
    if move in {"advance", "step_back"}:
        found["reaches"] = _target(move, "id", named=named).is_not(None)
    if move == "win":
        amount = bindparam("new_amount", type_=Numeric(18, 2)) if "amount" in columns else c.amount
        # A win needs an amount, whatever its pipeline asks.
        found["has_amount"] = func.coalesce(amount > 0, False)
    if move == "reopen":
        found["in_time"] = c.closed_on >= today() - bindparam("opportunities_reopen_days", type_=Integer)
    if "amount" in columns:
        item = opportunity_items.alias("item")
        has_items = select(item.c.id).where(item.c.workspace_id == c.workspace_id, item.c.opportunity_id == c.id)
        same = and_(
            c.amount == bindparam("new_amount", type_=Numeric(18, 2)),
            c.currency == bindparam("new_currency", type_=Text),
        )
        found["by_items"] = or_(~has_items.exists(), func.coalesce(same, False))
    return found


def _values(move: Move) -> dict[str, Any]:
    """What a move changes whatever was sent with it."""
    if move in {"advance", "step_back"}:
        return {}
    if move in {"win", "lose"}:
        return {"state": "won" if move == "win" else "lost", "closed_at": func.now(), "resume_on": None}
    if move == "hold":
        return {"state": "on_hold"}
    if move == "resume":
        return {"state": "open", "resume_on": None}
    return {
        "state": "open",
        **dict.fromkeys(("closed_at", "closed_on", "lost_reason", "lost_note")),
        "grade": grade_of(opportunities.c.expected_close_on, today()),
        "review_due_on": on_a_working_day(today() + 1),
    }


def _entering(move: Move, *, named: bool) -> dict[str, Any]:
    """The stage that the move leads to, and since when it is there."""
    c = opportunities.c
    stage_id = _target(move, "id", named=named)
    if move in {"advance", "step_back"}:
        return {"stage_id": stage_id, "stage_entered_at": func.now(), "board_place": new_place}
    stays = c.stage_id == stage_id
    return {
        "stage_id": stage_id,
        "stage_entered_at": case((stays, c.stage_entered_at), else_=func.now()),
        "board_place": case((stays, c.board_place), else_=new_place),
    }


def _missing(move: Move, columns: frozenset[str], *, named: bool) -> Select[Any]:
    """What is missing for the stages on the way."""
    c = opportunities.c
    would = SimpleNamespace(
        workspace_id=c.workspace_id,
        pipeline_id=c.pipeline_id,
        **{name: bindparam(f"new_{name}", type_=c[name].type) if name in columns else c[name] for name in JUDGED},
    )
    until = None if move == "win" else _target(move, "place", named=named)
    return gates.missing(would, after=_place(), until=until)


def _target(move: Move, what: str, *, named: bool) -> ColumnElement[Any]:
    """The id or the place of the stage that the move leads to; null where there is none."""
    stage = pipeline_stages.alias("target").c
    found = select(stage[what]).where(
        stage.workspace_id == opportunities.c.workspace_id, stage.pipeline_id == opportunities.c.pipeline_id
    )
    if move == "advance":
        found = found.where(stage.place > _place()).order_by(stage.place)
    elif move == "step_back":
        found = found.where(stage.place < _place()).order_by(stage.place.desc())
    elif move == "reopen":
        here = stage.place == _place()
        begins = and_(stage.place < _place(), stage.progress_code >= CONTACTED)
        found = found.where(or_(here, begins)).order_by(stage.place)
    else:
        found = found.order_by(stage.place.desc())
    if named:
        found = found.where(stage.key == bindparam("to", type_=Text))
    return found.limit(1).correlate(opportunities).scalar_subquery()


def _place() -> ColumnElement[Any]:
    """The place of the stage that the opportunity is in."""
    stage = pipeline_stages.alias("here").c
    here = select(stage.place).where(
        stage.workspace_id == opportunities.c.workspace_id, stage.id == opportunities.c.stage_id
    )
    return here.correlate(opportunities).scalar_subquery()


def _stages() -> Select[Any]:
    stage = pipeline_stages.c
    return (
        select(stage.id)
        .where(stage.workspace_id == opportunities.c.workspace_id, stage.pipeline_id == opportunities.c.pipeline_id)
        .correlate(opportunities)
    )
