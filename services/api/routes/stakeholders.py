"""Who decides at a customer, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.contacts import stakeholders
from crm.contacts.beside import StakeholdersRead
from crm.database import Access
from services.api.deps import reads
from services.api.routing import router as new_router

StakeholderReads = Annotated[Access, reads("customers", "contacts")]

router = new_router(tags=["contacts"])


@router.get("/customers/{customer_id}/stakeholders", response_model=StakeholdersRead)
async def get_stakeholders(access: StakeholderReads, customer_id: UUID) -> bytes:
    """The buying centre of a customer: each of the six roles with whoever holds it, which are missing, and which are
    known but were not spoken to lately. `single_thread_risk` says that the relationship hangs on one person.

    A role is covered when one of its holders is hot or warm by the workspace's limits. People who left or are archived
    do not count.
    """
    return await stakeholders.of_customer(access, customer_id)
