"""The sale that a visit is for: one of the same customer that whoever says so sees."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, exists, select

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.visits.models import visits


def is_of(customer_id: ColumnElement[Any], opportunity_id: ColumnElement[Any], sight: Sight) -> ColumnElement[bool]:
    """This is an opportunity of the customer, and the actor sees it."""
    c = opportunities.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return (
        exists()
        .where(at_home, c.id == opportunity_id, c.customer_id == customer_id, OPPORTUNITY.visible(sight))
        .correlate(visits)
    )


async def must_be_of(access: Access, customer_id: UUID, opportunity_id: UUID) -> None:
    """Raise 422 unless this is an opportunity of the customer that the actor sees."""
    known = await access.value(_is_of(access.actor.sight), of_customer_id=customer_id, of_opportunity_id=opportunity_id)
    if not known:
        raise invalid("opportunity_id", "There is no such opportunity of this customer.", "not_found")


@statement
def _is_of(sight: Sight) -> Select[Any]:
    customer_id, opportunity_id = (bindparam(f"of_{name}_id", type_=Uuid) for name in ("customer", "opportunity"))
    return select(is_of(customer_id, opportunity_id, sight))
