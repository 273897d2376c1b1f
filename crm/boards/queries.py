"""A pipeline as a board, in one statement: every open sale counted and summed up, the first of each column shown.

Counts and sums come from an index alone, and are added up by stage and currency before anything is converted.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.boards.schemas import BoardFilter
from crm.customers.models import customers
from crm.customers.parts import money
from crm.database import Access, statement
from crm.days import local_date, today
from crm.errors import NotFound
from crm.forecasts import slicing
from crm.nouns import mention
from crm.opportunities.models import opportunities
from crm.opportunities.queries import visible
from crm.opportunities.worth import own_currency, probability
from crm.pipelines.models import pipeline_stages, pipelines
from crm.tables import home
from crm.workspaces.models import users


async def board(access: Access, pipeline_id: UUID, wanted: BoardFilter) -> bytes:
    """The board of a pipeline. Raises ``NotFound``."""
    given = wanted.given()
    found = _board(access.actor.sight, frozenset(given), wanted.per_column)
    body: str | None = await access.value(found, pipeline_id=pipeline_id, **given)
    if body is None:
        raise NotFound
    return body.encode()


@statement
def _board(sight: Sight, present: frozenset[str], most: int) -> Select[Any]:
    pipeline, stage = pipelines.alias("pipeline"), pipeline_stages.alias("stage")
    s, this = stage.c, bindparam("pipeline_id", type_=Uuid)
    totals = _totals(sight, present)
    cards = _cards(sight, present, stage, most)
    t = totals.c
    nothing = cast("0.00", Text)
    column = func.json_build_object(
        "stage",
        func.json_build_object(
            "id", s.id, "key", s.key, "name", s.name, "name_zh", s.name_zh, "place", s.place,
            "probability", cast(s.probability, Text), "forecast_category", s.forecast_category,
            "expected_days", s.expected_days,
        ),
        "count", func.coalesce(t.sales, 0),
        "amount", func.coalesce(cast(t.amount, Text), nothing),
        "weighted", func.coalesce(cast(t.weighted, Text), nothing),
        "without_amount", func.coalesce(t.without_amount, 0),
        "unconverted", func.coalesce(t.unconverted, 0),
        "cards", cards.c.shown,
    )  # fmt: skip
    columns = (
        select(func.coalesce(func.json_agg(column).aggregate_order_by(s.place), text("'[]'::json")))
        .select_from(stage.outerjoin(totals, t.stage_id == s.id).join(cards, true()))
        .where(s.workspace_id == home(), s.pipeline_id == this)
        .scalar_subquery()
    )
    whole = func.json_build_object("pipeline", mention(pipeline), "currency", own_currency(), "columns", columns)
    return select(cast(whole, Text)).where(pipeline.c.workspace_id == home(), pipeline.c.id == this)


def _wanted(sight: Sight, present: frozenset[str]) -> list[ColumnElement[bool]]:
    c = opportunities.c
    found = [c.workspace_id == home(), c.state == "open", c.archived_at.is_(None), visible(sight)]
    found += slicing.sliced(c, present, customer=c.customer_id)
    if "wanted_grade" in present:
        found.append(c.grade == any_(bindparam("wanted_grade", type_=ARRAY(Text))))
    for end, compare in (("gte", c.expected_close_on.__ge__), ("lte", c.expected_close_on.__le__)):
        name = f"wanted_expected_close_on_{end}"
        if name in present:
            found.append(compare(bindparam(name, type_=c.expected_close_on.type)))
    return found


def _totals(sight: Sight, present: frozenset[str]) -> CTE:
    """Each stage's open sales: how many, worth how much."""
    c, stage = opportunities.c, pipeline_stages.alias("totalled")
    mine = select(stage.c.id).where(
        stage.c.workspace_id == home(), stage.c.pipeline_id == bindparam("pipeline_id", type_=Uuid)
    )
    grouped = (
        select(
            c.stage_id, c.currency, c.probability, func.count().label("sales"), func.count(c.amount).label("known"),
            func.sum(c.amount).label("amount"),
        )
        .where(*_wanted(sight, present), c.stage_id.in_(mine))
        .group_by(c.stage_id, c.currency, c.probability)
        .subquery("grouped")
    )  # fmt: skip
    g = grouped.c
    rate = slicing.rate(g.currency, today())
    rated = select(*g, rate.label("rate")).subquery("rated")
    r, s = rated.c, pipeline_stages.alias("likely")
    likely = func.coalesce(r.probability, s.c.probability)
    is_unknown = and_(r.amount.is_not(None), r.rate.is_(None))
    return (
        select(
            r.stage_id,
            func.sum(r.sales).label("sales"),
            func.round(func.sum(r.amount * r.rate), 2).label("amount"),
            func.round(func.sum(r.amount * r.rate * likely), 2).label("weighted"),
            func.sum(r.sales - r.known).label("without_amount"),
            func.sum(r.known).filter(is_unknown).label("unconverted"),
        )
        .select_from(rated.join(s, and_(s.c.workspace_id == home(), s.c.id == r.stage_id)))
        .group_by(r.stage_id)
        .cte("totals")
    )


def _cards(sight: Sight, present: frozenset[str], stage: FromClause, most: int) -> Any:
    """The first cards of a stage, as JSON."""
    c = opportunities.c
    order = (c.board_place.desc(), c.id.desc())
    first = (
        select(opportunities)
        .where(*_wanted(sight, present), c.stage_id == stage.c.id)
        .order_by(*order)
        .limit(most)
        .correlate(stage)
        .subquery("first")
    )
    customer, owner, o = customers.alias("customer"), users.alias("owner"), first.c
    card = func.json_build_object(
        "id", o.id, "name", o.name, "customer", mention(customer), "owner", mention(owner),
        "amount", money(o.amount, o.currency), "probability", cast(probability(first, stage), Text),
        "expected_close_on", o.expected_close_on, "grade", o.grade, "intention", o.intention,
        "next_step", o.next_step, "next_step_on", o.next_step_on,
        "days_in_stage", today() - local_date(o.stage_entered_at), "version", o.version,
    )  # fmt: skip
    shown = func.json_agg(card).aggregate_order_by(o.board_place.desc(), o.id.desc())
    return (
        select(func.coalesce(shown, text("'[]'::json")).label("shown"))
        .select_from(
            first.outerjoin(
                customer, and_(customer.c.workspace_id == o.workspace_id, customer.c.id == o.customer_id)
            ).outerjoin(owner, and_(owner.c.workspace_id == o.workspace_id, owner.c.id == o.owner_id))
        )
        .correlate(stage)
        .lateral("cards")
    )
