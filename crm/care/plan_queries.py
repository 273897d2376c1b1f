"""How a month's visit plan looks, and everything that reads plans."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, bindparam, select, true

from crm import reading
from crm.actor import Sight
from crm.care.models import visit_plan_lines, visit_plans
from crm.care.plan_schemas import PlanFilter, PlanLineFilter
from crm.customers.models import customers
from crm.database import Access
from crm.nouns import Answer, Noun, held_by, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(plan: FromClause) -> Select[Any]:
    """A plan, once: the answer and the event. Its lines are asked for by themselves."""
    owner = users.alias("owner")
    c = plan.c
    here = and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id)
    return select(
        c.id, c.owner_id, mention(owner).label("owner"), c.team_id, c.month, c.state, c.working_days, c.capacity,
        c.customers, c.required, c.planned, c.approved_by_id, utc(c.approved_at).label("approved_at"), *stamps(plan),
    ).select_from(plan.join(owner, here))  # fmt: skip


def line_shape(line: FromClause) -> Select[Any]:
    """A line of a plan, once."""
    customer = customers.alias("customer")
    c = line.c
    here = and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)
    return select(
        c.id, c.plan_id, c.customer_id, mention(customer).label("customer"), c.required, c.planned, c.by_hand,
        *stamps(line),
    ).select_from(line.join(customer, here))  # fmt: skip


VISIT_PLAN = Noun("visit_plan", visit_plans, shape, held_by(visit_plans), customer=None)


@cache
def _line_visible(sight: Sight) -> ColumnElement[bool]:
    """Whoever sees the plan sees its lines."""
    if sight is Sight.ALL:
        return true()
    at_home = visit_plans.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return visit_plan_lines.c.plan_id.in_(select(visit_plans.c.id).where(at_home, VISIT_PLAN.visible(sight)))


PLAN_LINE = Noun("visit_plan_line", visit_plan_lines, line_shape, _line_visible)

LIST = Listing(
    VISIT_PLAN,
    sorts={"created_at": visit_plans.c.created_at, "month": visit_plans.c.month},
    filters={**among(visit_plans, ["owner_id", "team_id", "state", "month"]), **between(visit_plans, ["month"])},
)
LINES = Listing(
    PLAN_LINE,
    sorts={"planned": visit_plan_lines.c.planned, "created_at": visit_plan_lines.c.created_at},
    filters={
        **among(visit_plan_lines, ["customer_id"]),
        "plan_id": visit_plan_lines.c.plan_id == bindparam("plan_id", type_=Uuid),
    },
)


async def get(access: Access, plan_id: UUID) -> Answer:
    """One plan. Raises ``NotFound``."""
    return await reading.one(access, VISIT_PLAN, plan_id)


async def page(access: Access, wanted: PlanFilter) -> bytes:
    """A page of plans."""
    return await reading.page(access, LIST, wanted)


async def page_of_lines(access: Access, plan_id: UUID, wanted: PlanLineFilter) -> bytes:
    """A page of a plan's lines. Raises ``NotFound``."""
    found = await reading.page(access, LINES, wanted, wanted.given() | {"plan_id": plan_id})
    if found.startswith(b'{"data":[]'):
        await get(access, plan_id)
    return found
