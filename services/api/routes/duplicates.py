"""Duplicates of customers, over HTTP."""

from uuid import UUID

from crm.customers import duplicates
from crm.customers.comparing import Duplicates, DuplicateSearch
from services.api.deps import CustomerReads, CustomerWrites
from services.api.routing import router as new_router

router = new_router(tags=["customers"])


@router.get("/customers/{customer_id}/duplicates", response_model=Duplicates)
async def list_customer_duplicates(access: CustomerReads, customer_id: UUID) -> bytes:
    """Who may be the same customer as this one, and why. Those you may not see are masked."""
    return await duplicates.of(access, customer_id)


@router.post("/customers/duplicates/search", response_model=Duplicates)
async def search_duplicates(access: CustomerWrites, wanted: DuplicateSearch) -> bytes:
    """Ask before you add: who may be the customer you have in mind. Changes nothing."""
    return await duplicates.search(access, wanted)
