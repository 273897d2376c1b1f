"""Groups of companies, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.schemas import CustomerRead
from crm.groups import queries
from crm.groups.schemas import ChildrenFilter, GroupRead
from crm.paging import Page
from services.api.deps import CustomerReads
from services.api.routing import router as new_router

router = new_router(tags=["customers"])


@router.get("/customers/{customer_id}/children", response_model=Page[CustomerRead])
async def list_children(access: CustomerReads, customer_id: UUID, wanted: Annotated[ChildrenFilter, Query()]) -> bytes:
    """The companies directly below this one that you may see, by name unless you ask for another order."""
    return await queries.children(access, customer_id, wanted)


@router.get("/customers/{customer_id}/group", response_model=GroupRead)
async def get_group(access: CustomerReads, customer_id: UUID) -> bytes:
    """How many customers, contacts and open tasks there are below this customer: directly, and in all."""
    return await queries.group(access, customer_id)
