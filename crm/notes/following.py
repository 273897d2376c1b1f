"""How what hangs on a sale goes with it to another customer."""

from sqlalchemy import Insert, Uuid, bindparam, select, update

from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.nouns import Noun
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.recording import recorded


async def follow_sale(tx: Transaction, fact: Fact, hanging: Noun, told_as: str) -> None:
    """Where the sale's customer has changed, what hangs on it names the customer it has now. Each has its fact."""
    if "customer_id" in (fact.changes or {}):
        await tx.rows(_moved(hanging), subject_id=fact.subject_id, event_type=told_as)


@statement
def _moved(hanging: Noun) -> Insert:
    c, sale = hanging.table.c, opportunities.c
    home, subject = bindparam("workspace_id", type_=Uuid), bindparam("subject_id", type_=Uuid)
    its_customer = select(sale.customer_id).where(sale.workspace_id == home, sale.id == subject).scalar_subquery()
    here = c.workspace_id == home, c.subject_type == OPPORTUNITY.name, c.subject_id == subject
    elsewhere = c.customer_id.is_distinct_from(its_customer)
    return recorded(hanging, update(hanging.table).where(*here, elsewhere).values(customer_id=its_customer))
