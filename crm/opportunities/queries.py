"""How an opportunity looks, and everything that reads opportunities."""

from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.customers.models import customers
from crm.customers.parts import money
from crm.database import Access
from crm.days import local_date, today
from crm.nouns import Answer, Noun, held_by, mention
from crm.opportunities.models import amount_key, expected_close_key, opportunities, opportunity_items
from crm.opportunities.qualification import qualification
from crm.opportunities.schemas import OpportunityFilter
from crm.opportunities.staleness import is_stale, last_contact_at, may_be_stale
from crm.opportunities.worth import category, own_amount, own_currency, probability, progress_code, weighted
from crm.pipelines.models import pipeline_stages, pipelines
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(opportunity: FromClause) -> Select[Any]:
    """An opportunity, once: the answer, the event, the export."""
    customer, owner = customers.alias("customer"), users.alias("owner")
    pipeline, stage = pipelines.alias("pipeline"), pipeline_stages.alias("stage")
    c = opportunity.c
    is_over = c.state.in_(("won", "lost"))
    return select(
        c.id,
        c.name,
        c.reference,
        c.customer_id,
        mention(customer).label("customer"),
        c.pipeline_id,
        mention(pipeline).label("pipeline"),
        c.stage_id,
        _stage(stage).label("stage"),
        c.state,
        utc(c.stage_entered_at).label("stage_entered_at"),
        case((~is_over, today() - local_date(c.stage_entered_at))).label("days_in_stage"),
        is_stale(opportunity, stage, customer.c.last_contact_at).label("stale"),
        progress_code(opportunity, stage).label("progress_code"),
        money(c.amount, c.currency).label("amount"),
        money(own_amount(opportunity), own_currency()).label("own_amount"),
        cast(probability(opportunity, stage), Text).label("probability"),
        money(weighted(opportunity, stage), c.currency).label("weighted_amount"),
        category(opportunity, stage).label("forecast_category"),
        _items(opportunity).label("items"),
        c.expected_close_on,
        c.close_date_moves,
        c.grade,
        c.reviewed_on,
        c.review_due_on,
        c.money,
        c.authority,
        c.need,
        qualification(c).label("qualification"),
        c.intention,
        c.checks,
        c.competitor,
        c.next_step,
        c.next_step_on,
        c.source,
        c.note,
        c.tags,
        c.owner_id,
        mention(owner).label("owner"),
        c.team_id,
        c.collaborator_ids,
        c.opened_on,
        c.resume_on,
        utc(c.closed_at).label("closed_at"),
        c.closed_on,
        c.lost_reason,
        c.lost_note,
        c.contract_starts_on,
        c.contract_ends_on,
        utc(c.contract_expired_at).label("contract_expired_at"),
        c.renewal_of_id,
        utc(c.last_activity_at).label("last_activity_at"),
        utc(c.archived_at).label("archived_at"),
        *stamps(opportunity),
    ).select_from(
        opportunity.join(stage, and_(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id))
        .join(pipeline, and_(pipeline.c.workspace_id == c.workspace_id, pipeline.c.id == c.pipeline_id))
        .outerjoin(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
    )


def _stage(stage: FromClause) -> ColumnElement[Any]:
    names = ("id", "key", "name", "name_zh", "place")
    return func.json_build_object(*(part for name in names for part in (name, stage.c[name])))


def _items(opportunity: FromClause) -> ColumnElement[Any]:
    item = opportunity_items.alias("item")
    i = item.c
    one = func.json_build_object(
        "id", i.id, "product_id", i.product_id, "name", i.name, "quantity", cast(i.quantity, Text),
        "price", cast(i.price, Text), "discount", cast(i.discount, Text), "amount", cast(i.amount, Text),
    )  # fmt: skip
    return (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(i.place), text("'[]'::json")))
        .where(i.workspace_id == opportunity.c.workspace_id, i.opportunity_id == opportunity.c.id)
        .scalar_subquery()
    )


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """What one holds or was asked to help with; with a team's sight, what the teams hold."""
    own = held_by(opportunities)(sight)
    if sight is Sight.ALL:
        return own
    return or_(own, bindparam("actor_id", type_=Uuid) == any_(opportunities.c.collaborator_ids))


def _of_stage(what: Callable[[FromClause], ColumnElement[Any]]) -> ColumnElement[Any]:
    """Something that the stage has a say in, for filters, which have the table alone."""
    stage = pipeline_stages.alias("its_stage")
    here = and_(stage.c.workspace_id == opportunities.c.workspace_id, stage.c.id == opportunities.c.stage_id)
    return select(what(stage)).where(here).correlate(opportunities).scalar_subquery()


OPPORTUNITY = Noun("opportunity", opportunities, shape, visible)

LIST = Listing(
    OPPORTUNITY,
    sorts={
        "created_at": opportunities.c.created_at,
        "expected_close_on": expected_close_key,
        "amount": amount_key,
    },
    filters={
        **among(
            opportunities,
            ["pipeline_id", "stage_id", "state", "owner_id", "team_id", "customer_id", "grade", "intention"],
        ),
        **between(opportunities, ["created_at", "updated_at", "amount", "expected_close_on", "closed_on"]),
        "forecast_category": _of_stage(lambda stage: category(opportunities, stage))
        == any_(bindparam("forecast_category", type_=ARRAY(Text))),
        "stale": case(
            (may_be_stale(), _of_stage(lambda stage: is_stale(opportunities, stage, last_contact_at()))), else_=False
        )
        == bindparam("stale", type_=Boolean),
        "q": or_(
            func.strpos(func.lower(opportunities.c.name), func.lower(bindparam("q", type_=Text))) > 0,
            opportunities.c.reference == bindparam("q", type_=Text),
        ),
        "tag": opportunities.c.tags.overlap(bindparam("tag", type_=ARRAY(Text))),
        "without_customer": opportunities.c.customer_id.is_(None) == bindparam("without_customer", type_=Boolean),
        "review_due_by": opportunities.c.review_due_on <= bindparam("review_due_by", type_=Date),
        "archived": opportunities.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, opportunity_id: UUID) -> Answer:
    """One opportunity. Raises ``NotFound``."""
    return await reading.one(access, OPPORTUNITY, opportunity_id)


async def page(access: Access, wanted: OpportunityFilter) -> bytes:
    """A page of opportunities, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
