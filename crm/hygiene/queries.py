"""Open sales with what is wrong with them, worked out as they are read."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, array

from crm import reading
from crm.customers.models import customers
from crm.customers.parts import money
from crm.database import Access
from crm.days import local_date, today
from crm.hygiene.flags import WORDS, conditions
from crm.hygiene.schemas import FlaggedFilter
from crm.nouns import Answer, Noun, mention
from crm.opportunities.models import amount_key, expected_close_key, opportunities
from crm.opportunities.queries import visible
from crm.opportunities.staleness import last_touched, usual_days
from crm.pipelines.models import pipeline_stages, pipelines
from crm.reading import Listing, among
from crm.tables import stamps
from crm.workspaces.models import users


def shape(opportunity: FromClause) -> Select[Any]:
    """An open sale with its flags."""
    customer, owner = customers.alias("customer"), users.alias("owner")
    pipeline, stage = pipelines.alias("pipeline"), pipeline_stages.alias("stage")
    c, s = opportunity.c, stage.c
    return select(
        c.id,
        c.name,
        mention(customer).label("customer"),
        mention(pipeline).label("pipeline"),
        func.json_build_object(
            "id", s.id, "key", s.key, "name", s.name, "name_zh", s.name_zh, "place", s.place
        ).label("stage"),
        mention(owner).label("owner"),
        money(c.amount, c.currency).label("amount"),
        c.expected_close_on,
        c.close_date_moves,
        c.grade,
        (today() - local_date(c.stage_entered_at)).label("days_in_stage"),
        cast(usual_days(s), Text).label("usual_days_in_stage"),
        (today() - local_date(last_touched(c))).label("days_silent"),
        c.next_step,
        c.next_step_on,
        _flags(c, s).label("flags"),
        *stamps(opportunity),
    ).select_from(
        opportunity.join(stage, and_(s.workspace_id == c.workspace_id, s.id == c.stage_id))
        .join(pipeline, and_(pipeline.c.workspace_id == c.workspace_id, pipeline.c.id == c.pipeline_id))
        .outerjoin(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
    )  # fmt: skip


def _flags(c: Any, stage: Any) -> ColumnElement[Any]:
    """The flags that are up, as a JSON array in the order of ``WORDS``; none on a sale that is not open."""
    is_open = and_(c.state == "open", c.archived_at.is_(None))
    up = [
        case((and_(is_open, condition), _in_words(flag)), else_=cast(null(), Text))
        for flag, condition in conditions(c, stage).items()
    ]
    listed = func.array_to_string(func.array_remove(array(up), cast(null(), Text)), ",")
    return cast(func.concat("[", listed, "]"), JSON)


def _in_words(flag: Any) -> ColumnElement[Any]:
    reason, reason_zh, remedy, remedy_zh = WORDS[flag]
    said = func.json_build_object(
        "code", flag, "reason", reason, "reason_zh", reason_zh, "remedy", remedy, "remedy_zh", remedy_zh
    )
    return cast(said, Text)


def _any_of(*flags: str) -> ColumnElement[bool]:
    """One of these flags is up, over the table itself."""
    c, stage = opportunities.c, pipeline_stages.alias("flagged_in")
    of = conditions(c, stage.c)
    up = or_(*(func.coalesce(of[flag], False) for flag in of if flag in flags))
    return exists().where(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id, up)


FLAGGED = Noun("flagged_opportunity", opportunities, shape, visible)

_asked = bindparam("flag", type_=ARRAY(Text))

LIST = Listing(
    FLAGGED,
    sorts={"created_at": opportunities.c.created_at, "expected_close_on": expected_close_key, "amount": amount_key},
    filters={
        **among(opportunities, ["owner_id", "team_id", "pipeline_id", "stage_id"]),
        "open": and_(opportunities.c.state == "open", opportunities.c.archived_at.is_(None)),
        "any_flag": _any_of(*WORDS),
        "flag": or_(*(and_(literal(flag) == any_(_asked), _any_of(flag)) for flag in WORDS)),
    },
)


async def get(access: Access, opportunity_id: UUID) -> Answer:
    """One sale with what is wrong with it. Raises ``NotFound``."""
    return await reading.one(access, FLAGGED, opportunity_id)


async def page(access: Access, wanted: FlaggedFilter) -> bytes:
    """A page of open sales with which something is wrong."""
    given = wanted.given()
    present = frozenset(given) | {"open"} | (frozenset() if "flag" in given else {"any_flag"})
    return await reading.page(access, LIST, wanted, given, present)
