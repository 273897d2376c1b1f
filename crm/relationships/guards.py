"""Whether what a move needs is there: as conditions in the statement of the move, and as a question afterwards.

A need is met by what we know (``KNOWN``) or by what the caller states: a reason, evidence.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, or_, select, true

from crm.actor import Sight
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.customers.needs import Need, missing
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.nouns import this_one
from crm.opportunities.seams import two_won_opportunities, won_opportunity
from crm.visits.models import visits
from crm.visits.rules import HELD

_reachable_contact = (
    exists()
    .where(contacts.c.workspace_id == customers.c.workspace_id, contacts.c.customer_id == customers.c.id)
    .where(contacts.c.archived_at.is_(None))
    .where(or_(func.cardinality(contacts.c.phones) > 0, func.cardinality(contacts.c.emails) > 0))
    .correlate(customers)
)

_completed_visit = (
    exists()
    .where(visits.c.workspace_id == customers.c.workspace_id, visits.c.customer_id == customers.c.id)
    .where(visits.c.state.in_(HELD))
    .correlate(customers)
)

KNOWN: Mapping[str, ColumnElement[bool]] = MappingProxyType(
    {
        "owner": customers.c.owner_id.is_not(None),
        "contact_with_phone_or_email": _reachable_contact,
        "completed_visit": _completed_visit,
        "won_opportunity": won_opportunity,
        "two_won_opportunities": two_won_opportunities,
    }
)
"""What we can see for ourselves."""


def met(needs: Iterable[Need], stated: frozenset[str]) -> ColumnElement[bool]:
    """All that is needed is there, given what was stated: a condition on the table of customers."""
    open_needs = [need for need in needs if stated.isdisjoint(need)]
    return and_(true(), *(or_(false(), *(KNOWN[name] for name in need if name in KNOWN)) for need in open_needs))


async def unmet(access: Access, customer_id: UUID, needs: Iterable[Need], stated: frozenset[str]) -> list[str]:
    """Everything that is missing for this customer, at once."""
    row = await access.row(_known(access.actor.sight), id=customer_id)
    return missing(needs, stated | {name for name in KNOWN if row is not None and row[name]})


@statement
def _known(sight: Sight) -> Select[Any]:
    held: list[ColumnElement[Any]] = [condition.label(name) for name, condition in KNOWN.items()]
    return select(*held).select_from(customers).where(this_one(CUSTOMER, sight))
