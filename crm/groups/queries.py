"""What stands below a company, and how much there is of it."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Subquery, Text, Uuid, bindparam, cast, func, literal, select
from sqlalchemy.sql.selectable import CTE

from crm import reading
from crm.actor import Sight
from crm.contacts.models import contacts
from crm.customers import queries as customer_queries
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import NotFound
from crm.groups.schemas import ChildrenFilter
from crm.nouns import mention, this_one
from crm.tasks.models import tasks
from crm.tasks.queries import TASK

DEEPEST = 20
"""Levels that are rolled up. A group with more is counted to here."""


async def children(access: Access, customer_id: UUID, wanted: ChildrenFilter) -> bytes:
    """A page of the customers directly below this one. Raises ``NotFound``."""
    if await access.value(_is_there(access.actor.sight), id=customer_id) is None:
        raise NotFound
    given = {"parent_id": [customer_id], "archived": wanted.archived}
    return await reading.page(access, customer_queries.LIST, wanted, given)


async def group(access: Access, customer_id: UUID) -> bytes:
    """What there is below this customer: directly, and in all. Raises ``NotFound``."""
    counted: str | None = await access.value(_group(access.actor.sight), id=customer_id)
    if counted is None:
        raise NotFound
    return counted.encode()


def below(root: ColumnElement[Any]) -> CTE:
    """The customers below one, each with its ``depth``; archived ones too, since others may stand below them."""
    home = bindparam("workspace_id", type_=Uuid)
    child = customers.alias("child")
    first = select(child.c.id, literal(1).label("depth")).where(child.c.workspace_id == home, child.c.parent_id == root)
    found = first.cte("below", recursive=True)
    further = customers.alias("further")
    deeper = select(further.c.id, found.c.depth + 1).where(
        further.c.workspace_id == home, further.c.parent_id == found.c.id, found.c.depth < DEEPEST
    )
    return found.union_all(deeper)


@statement
def _is_there(sight: Sight) -> Select[Any]:
    return select(customers.c.id).where(this_one(CUSTOMER, sight))


@statement
def _group(sight: Sight) -> Select[Any]:
    home = bindparam("workspace_id", type_=Uuid)
    tree = below(bindparam("id", type_=Uuid))
    seen = (
        select(customers.c.id, tree.c.depth)
        .join_from(tree, customers, (customers.c.workspace_id == home) & (customers.c.id == tree.c.id))
        .where(customers.c.archived_at.is_(None), CUSTOMER.visible(sight))
        .cte("seen")
    )
    people = select(seen.c.depth).join_from(
        seen, contacts, (contacts.c.workspace_id == home) & (contacts.c.customer_id == seen.c.id)
    )
    work = select(seen.c.depth).join_from(
        seen, tasks, (tasks.c.workspace_id == home) & (tasks.c.customer_id == seen.c.id)
    )
    counted = {
        "customers": _counts(select(seen.c.depth), "of_customers"),
        "contacts": _counts(people.where(contacts.c.archived_at.is_(None)), "of_contacts"),
        "open_tasks": _counts(work.where(tasks.c.state == "open", TASK.visible(sight)), "of_tasks"),
    }
    root = (
        select(customers.c.id, customers.c.name)
        .where(customers.c.workspace_id == home, customers.c.id == bindparam("id", type_=Uuid))
        .where(CUSTOMER.visible(sight))
        .subquery("root")
    )
    source: FromClause = root
    for counts in counted.values():
        source = source.join(counts, literal(True))
    told = {
        which: func.json_build_object(*(part for name, of in counted.items() for part in (name, of.c[which])))
        for which in ("direct", "below")
    }
    whole = func.json_build_object("customer", mention(root), "direct", told["direct"], "below", told["below"])
    return select(cast(whole, Text)).select_from(source)


def _counts(rows: Select[Any], name: str) -> Subquery:
    """How many of these rows stand at depth one, and how many there are."""
    found = rows.subquery(f"{name}_found")
    direct = func.count().filter(found.c.depth == 1)
    return select(direct.label("direct"), func.count().label("below")).select_from(found).subquery(name)
