"""Everything that reads who has, and had, what."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    or_,
    select,
    true,
)

from crm.actor import ActorKind, Sight
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import OPEN as OPEN_COMPLAINTS
from crm.customers import events as customer_events
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import NotFound
from crm.facts import events
from crm.nouns import this_one
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import before
from crm.tables import at_home, utc
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.visits.models import visits
from crm.visits.queries import VISIT
from crm.visits.rules import OPEN
from crm.workspaces.models import api_keys, users

MOST_OWNERS = 200


async def owners(access: Access, customer_id: UUID) -> bytes:
    """Who had a customer, the present owner first, from its facts. Raises ``NotFound`` for whom one does not see."""
    rows = await access.rows(_owners(access.actor.sight), id=customer_id)
    if not rows:
        raise NotFound
    return b'{"data":[%b]}' % ",".join(row["item"] for row in rows if row["id"] is not None).encode()


async def holdings(access: Access, user_id: UUID) -> bytes:
    """What a person holds, as far as the actor sees it. Raises ``NotFound``."""
    found: str | None = await access.value(_holdings(access.actor.sight), user_id=user_id)
    if found is None:
        raise NotFound
    return found.encode()


@statement
def _owners(sight: Sight) -> Select[Any]:
    """One row for each fact that gave the customer an owner; a row without a fact where there is none."""
    seen = select(customers.c.workspace_id).where(this_one(CUSTOMER, sight)).subquery("seen")
    until = func.lag(events.c.occurred_at).over(order_by=events.c.id.desc())
    fact = (
        select(events, until.label("until"))
        .where(
            at_home(events),
            events.c.customer_id == bindparam("id", type_=Uuid),
            events.c.subject_type == CUSTOMER.name,
            or_(events.c.type == customer_events.CREATED, events.c.changes.has_key("owner_id")),
        )
        .order_by(events.c.id.desc())
        .limit(MOST_OWNERS)
        .subquery("fact")
    )
    f = fact.c
    person, key = users.alias("person"), api_keys.alias("key")
    by = func.json_build_object(
        "kind", f.actor_kind, "id", f.actor_id, "name", func.coalesce(person.c.name, key.c.name)
    )  # fmt: skip
    item = func.json_build_object(
        "owner", f.payload["owner"], "since", utc(f.occurred_at), "until", utc(f.until),
        "reason", f.changes[("reason", "1")].astext, "changed_by", by,
    )  # fmt: skip
    return (
        select(f.id, cast(item, Text).label("item"))
        .select_from(
            seen.outerjoin(fact, true())
            .outerjoin(person, and_(at_home(person), person.c.id == f.actor_id, f.actor_kind == ActorKind.USER))
            .outerjoin(key, and_(at_home(key), key.c.id == f.actor_id, f.actor_kind == ActorKind.KEY))
        )
        .order_by(f.id.desc())
    )


@statement
def _holdings(sight: Sight) -> Select[Any]:
    user_id = bindparam("user_id", type_=Uuid)

    def count(table: FromClause, *where: ColumnElement[bool]) -> ColumnElement[int]:
        return select(func.count().cast(Integer)).select_from(table).where(at_home(table), *where).scalar_subquery()

    theirs = (customers.c.owner_id == user_id, CUSTOMER.visible(sight))
    open_tasks = (tasks.c.assignee_id == user_id, tasks.c.state == "open", TASK.visible(sight))
    planned_visits = (visits.c.owner_id == user_id, visits.c.state.in_(OPEN), VISIT.visible(sight))
    sales = (
        opportunities.c.owner_id == user_id,
        opportunities.c.archived_at.is_(None),
        opportunities.c.state.in_(before("update")),
        OPPORTUNITY.visible(sight),
    )
    looked_into = (
        complaints.c.assignee_id == user_id,
        complaints.c.state.in_(OPEN_COMPLAINTS),
        COMPLAINT.visible(sight),
    )
    found = func.json_build_object(
        "customers", count(customers, *theirs, customers.c.archived_at.is_(None)),
        "archived_customers", count(customers, *theirs, customers.c.archived_at.is_not(None)),
        "open_tasks", count(tasks, *open_tasks),
        "planned_visits", count(visits, *planned_visits),
        "open_opportunities", count(opportunities, *sales),
        "open_complaints", count(complaints, *looked_into),
    )  # fmt: skip
    return select(cast(found, Text)).select_from(users).where(at_home(users), users.c.id == user_id)
