"""Groups of companies, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.errors import CustomerArchived, CustomerMerged
from crm.customers.schemas import CustomerRead
from crm.groups import links, queries
from crm.groups.errors import AlreadyLinked, CompanyNeeded, LinkEnded
from crm.groups.schemas import ChildrenFilter, GroupRead, LinkCreate, LinkFilter, LinkRead, LinkUpdate
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import CustomerReads, CustomerWrites
from services.api.problems import problems
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


@router.get("/customers/{customer_id}/links", response_model=Page[LinkRead])
async def list_links(access: CustomerReads, customer_id: UUID, wanted: Annotated[LinkFilter, Query()]) -> bytes:
    """Which people are linked to this company, or to which companies this person is, newest first."""
    return await links.page(access, customer_id, wanted)


@router.post(
    "/customers/{customer_id}/links",
    status_code=201,
    response_model=LinkRead,
    responses=problems(CustomerArchived, CompanyNeeded, AlreadyLinked, AlreadyExists),
)
async def link_person(access: CustomerWrites, customer_id: UUID, new: LinkCreate) -> Answer:
    """Link a person with a file of their own to this company, so that caring for the one does not forget the other."""
    return await links.link(access, customer_id, new)


@router.patch(
    "/customers/{customer_id}/links/{link_id}",
    response_model=LinkRead,
    responses=problems(CustomerArchived, CustomerMerged, LinkEnded),
)
async def update_link(access: CustomerWrites, customer_id: UUID, link_id: UUID, change: LinkUpdate) -> Answer:
    """Change what a person is at this company, or whether they lead it."""
    return await links.update(access, customer_id, link_id, change)


@router.post("/customers/{customer_id}/links/{link_id}/unlink", response_model=LinkRead)
async def unlink_person(access: CustomerWrites, customer_id: UUID, link_id: UUID) -> Answer:
    """End a link. It leaves the list and stays among those that have ended."""
    return await links.unlink(access, customer_id, link_id)
