"""Monthly visit plans (``domain.md`` A128, B1): proposed from rhythm and calendar, adjusted by hand, approved.

Proposed → adjusted (by hand) → approved (by a manager, and a manager's own by somebody else); what is adjusted after
that is to be approved again. Required are the visits that fall into the month: the first on the day the customer is
due, or at its start where that has passed, the next ones each a cadence later. Planned are the required ones as far as
working days leave room, key customers first, then who is due earlier. What somebody said by hand stays, and takes its
room first.
"""

from datetime import date
from typing import Any
from uuid import UUID

import asyncpg
import orjson
from sqlalchemy import (
    ColumnElement,
    Date,
    Delete,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.actor import Role, Sight
from crm.care import events
from crm.care.cadence import contact_every
from crm.care.errors import ApprovalNeedsManager, OwnPlan, PlanApproved, PlanExists
from crm.care.field_days import field_days_between, month_of
from crm.care.models import ONE_PLAN_PER_MONTH, visit_plan_lines, visit_plans
from crm.care.plan_queries import VISIT_PLAN
from crm.care.plan_schemas import PlanAdjust, PlanCreate
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, Transaction, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer, held_by, this_one
from crm.recording import changing, explain, record
from crm.tables import at_home
from crm.workspaces.models import users

MAY_APPROVE = frozenset({Role.ADMIN, Role.MANAGER})


async def propose(tx: Transaction, new: PlanCreate) -> Answer:
    """Make a person's plan of a month. Raises 422 for somebody whose plans the actor does not see, ``PlanExists``."""
    owner_id = new.owner_id or tx.actor.user_id
    if owner_id is None:
        raise invalid("owner_id", "Say whose; a key makes no visits.", "required")
    try:
        async with tx.attempt():
            plan_id: UUID | None = await tx.value(_begin(tx.actor.sight), of_user=owner_id, month=new.month)
    except asyncpg.UniqueViolationError as error:
        raise (PlanExists() if error.constraint_name == ONE_PLAN_PER_MONTH else error) from error
    if plan_id is None:
        raise invalid("owner_id", "There is no such active user.", "not_found")
    return await _fill(tx, plan_id, owner_id, new.month)


async def propose_anew(tx: Transaction, plan_id: UUID) -> Answer:
    """Make a plan anew from what is known now; lines set by hand stay. Raises ``NotFound``, ``PlanApproved``."""
    plan = await _locked(tx, plan_id)
    if plan["state"] == "approved":
        raise PlanApproved
    return await _fill(tx, plan_id, plan["owner_id"], plan["month"])


async def adjust(tx: Transaction, plan_id: UUID, wanted: PlanAdjust) -> Answer:
    """Plan other numbers of visits. Raises ``NotFound``, ``Stale``, 422 for customers one does not see."""
    await _locked(tx, plan_id)
    given = wanted.planned
    known = await tx.rows(
        _adjust(tx.actor.sight), plan_id=plan_id, customer_ids=list(given), planned_each=list(given.values())
    )
    if missing := given.keys() - {row["customer_id"] for row in known}:
        raise invalid(f"planned/{min(missing)}", "There is no such customer.", "not_found")
    adjusted = await record(tx, events.PLAN_ADJUSTED, _count(tx.actor.sight, "adjusted"), id=plan_id)
    return adjusted or await explain(tx, VISIT_PLAN, plan_id)


async def approve(access: Access, plan_id: UUID) -> Answer:
    """Approve a plan of somebody else's; twice is once.

    Raises ``NotFound``, ``Stale``, ``ApprovalNeedsManager``, ``OwnPlan``.
    """
    if access.actor.role not in MAY_APPROVE:
        await explain(access, VISIT_PLAN, plan_id)
        raise ApprovalNeedsManager
    approved = await record(access, events.PLAN_APPROVED, _approve(access.actor.sight), id=plan_id)
    if approved is not None:
        return approved
    answer = await explain(access, VISIT_PLAN, plan_id)
    if orjson.loads(answer.body)["state"] != "approved":
        raise OwnPlan("An administrator can allow it: visit_plans.own_approval in the workspace's settings.")
    return answer


async def _fill(tx: Transaction, plan_id: UUID, owner_id: UUID, month: date) -> Answer:
    of: dict[str, Any] = {"plan_id": plan_id, "of_user": owner_id, "month": month}
    await tx.rows(_clear(), plan_id=plan_id)
    await tx.rows(_fill_in(), **of)
    counted = await record(tx, events.PLAN_PROPOSED, _count(tx.actor.sight, None), id=plan_id, **of)
    return counted or await explain(tx, VISIT_PLAN, plan_id)


async def _locked(tx: Transaction, plan_id: UUID) -> Any:
    row = await tx.row(_lock(tx.actor.sight), id=plan_id)
    if row is None:
        raise NotFound
    if tx.if_match is not None and tx.if_match != row["version"]:
        await explain(tx, VISIT_PLAN, plan_id)
    return row


MONTH = bindparam("month", type_=Date)
PLAN = bindparam("plan_id", type_=Uuid)
PER_DAY = bindparam("visit_plans_visits_per_day", type_=Integer)


def _field_days() -> ColumnElement[int]:
    """Working days of the person in the month, less leave."""
    return field_days_between(*month_of(MONTH), bindparam("of_user", type_=Uuid))


@statement
def _begin(sight: Sight) -> Insert:
    """The plan without lines, where the actor looks after this person."""
    of_user = bindparam("of_user", type_=Uuid)
    days = _field_days().label("days")
    mine = held_by(users, "id")(sight)
    person = select(users.c.id, users.c.team_id, days).where(
        at_home(users), users.c.id == of_user, users.c.state == "active", mine
    )
    found = person.subquery("person")
    row = select(
        bindparam("workspace_id", type_=Uuid), found.c.id, found.c.team_id, MONTH, found.c.days,
        found.c.days * PER_DAY,
    )  # fmt: skip
    names = ["workspace_id", "owner_id", "team_id", "month", "working_days", "capacity"]
    return insert(visit_plans).from_select(names, row).returning(visit_plans.c.id)


@statement
def _lock(sight: Sight) -> Select[Any]:
    p = visit_plans.c
    return select(p.state, p.owner_id, p.month, p.version).where(this_one(VISIT_PLAN, sight)).with_for_update()


@statement
def _clear() -> Delete:
    """What nobody said by hand."""
    lines = visit_plan_lines
    return delete(lines).where(at_home(lines), lines.c.plan_id == PLAN, ~lines.c.by_hand)


@statement
def _fill_in() -> Insert:
    """A line for each customer of the person whose rhythm asks for a visit in the month."""
    c, lines = customers.c, visit_plan_lines
    first, last = month_of(MONTH)
    due = func.greatest(c.next_contact_due_on, first)
    wanted = select(
        c.id,
        case((due > last, 0), else_=1 + cast(last - due, Integer) // contact_every(customers)).label("required"),
        case((c.key_kind == "double", 0), (or_(c.key_kind.is_not(None), c["class"] == "key"), 1),
             (c["class"] == "potential", 2), else_=3).label("tier"),
        due.label("due"),
    ).where(
        at_home(customers), c.owner_id == bindparam("of_user", type_=Uuid), c.archived_at.is_(None), ~c.do_not_contact,
        c.next_contact_due_on.is_not(None),
    ).subquery("wanted")  # fmt: skip
    by_hand = exists().where(
        at_home(lines), lines.c.plan_id == PLAN, lines.c.by_hand, lines.c.customer_id == wanted.c.id
    )
    # What was said by hand takes its room first.
    said = select(func.coalesce(func.sum(lines.c.planned), 0)).where(at_home(lines), lines.c.plan_id == PLAN)
    room = select(_field_days() * PER_DAY).scalar_subquery()
    asks = case((by_hand, 0), else_=wanted.c.required)
    before = func.sum(asks).over(order_by=[wanted.c.tier, wanted.c.due, wanted.c.id], rows=(None, 0)) - asks
    planned = func.greatest(func.least(asks, room - said.scalar_subquery() - before), 0)
    row = select(
        bindparam("workspace_id", type_=Uuid), PLAN, wanted.c.id, wanted.c.required, cast(planned, Integer)
    ).where(wanted.c.required > 0)
    new = insert(lines).from_select(["workspace_id", "plan_id", "customer_id", "required", "planned"], row)
    return new.on_conflict_do_update(
        index_elements=["workspace_id", "plan_id", "customer_id"], set_={"required": new.excluded.required}
    )


@statement
def _adjust(sight: Sight) -> Insert:
    given = func.unnest(
        bindparam("customer_ids", type_=ARRAY(Uuid)), bindparam("planned_each", type_=ARRAY(Integer))
    ).table_valued("id", "planned", name="given").render_derived()  # fmt: skip
    seen = and_(at_home(customers), customers.c.id == given.c.id, customers.c.archived_at.is_(None))
    row = select(
        bindparam("workspace_id", type_=Uuid), PLAN, customers.c.id, literal(0), given.c.planned, literal(True)
    ).select_from(given.join(customers, and_(seen, CUSTOMER.visible(sight))))
    new = insert(visit_plan_lines).from_select(
        ["workspace_id", "plan_id", "customer_id", "required", "planned", "by_hand"], row
    )
    lines = visit_plan_lines.c
    return new.on_conflict_do_update(
        index_elements=["workspace_id", "plan_id", "customer_id"],
        set_={
            "planned": new.excluded.planned, "by_hand": True, "version": lines.version + 1, "updated_at": func.now(),
        },
    ).returning(lines.customer_id)  # fmt: skip


@statement
def _count(sight: Sight, state: str | None) -> Insert:
    """The sums of the lines, kept with the plan; where it is proposed, also what room there is by now."""
    lines = visit_plan_lines.c

    def total(value: ColumnElement[Any]) -> ColumnElement[Any]:
        found = select(value).where(at_home(visit_plan_lines), lines.plan_id == visit_plans.c.id)
        return cast(found.correlate(visit_plans).scalar_subquery(), Integer)

    values: dict[str, Any] = {
        "customers": total(func.count().filter(lines.planned > 0)),
        "required": total(func.coalesce(func.sum(lines.required), 0)),
        "planned": total(func.coalesce(func.sum(lines.planned), 0)),
    }
    if state is None:
        days = _field_days()
        values |= {"working_days": days, "capacity": days * PER_DAY}
    else:
        values |= {"state": literal(state), "approved_at": None, "approved_by_id": None}
    return changing(VISIT_PLAN, sight, (), values=values)


@statement
def _approve(sight: Sight) -> Insert:
    values = {
        "state": literal("approved"),
        "approved_at": func.now(),
        "approved_by_id": bindparam("user_id", type_=Uuid),
    }
    is_allowed = bindparam("visit_plans_own_approval", type_=Text) == "allowed"
    of_another = visit_plans.c.owner_id.is_distinct_from(bindparam("user_id", type_=Uuid))
    waits = visit_plans.c.state != "approved"
    return changing(VISIT_PLAN, sight, (), waits, or_(of_another, is_allowed), values=values)
