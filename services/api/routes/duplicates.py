"""Duplicates of customers, and making one of two, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.customers import duplicates, merging
from crm.customers.comparing import Duplicates, DuplicateSearch
from crm.customers.errors import (
    CustomerArchived,
    CustomerErased,
    CustomerMerged,
    GroupsAreOfCompanies,
    MergingNeedsManager,
    NotMerged,
    RegistrationCodeTaken,
    StillLinked,
)
from crm.customers.schemas import CustomerMerge, CustomerRead
from crm.database import Transaction
from crm.nouns import Answer
from services.api.deps import CustomerReads, CustomerWrites, changes
from services.api.problems import problems
from services.api.routing import router as new_router

CustomerChanges = Annotated[Transaction, changes("customers")]

router = new_router(tags=["customers"])


@router.get("/customers/{customer_id}/duplicates", response_model=Duplicates)
async def list_customer_duplicates(access: CustomerReads, customer_id: UUID) -> bytes:
    """Who may be the same customer as this one, and why. Those you may not see are masked."""
    return await duplicates.of(access, customer_id)


@router.post("/customers/duplicates/search", response_model=Duplicates)
async def search_duplicates(access: CustomerWrites, wanted: DuplicateSearch) -> bytes:
    """Ask before you add: who may be the customer you have in mind. Changes nothing."""
    return await duplicates.search(access, wanted)


@router.post(
    "/customers/merge",
    response_model=CustomerRead,
    responses=problems(CustomerArchived, CustomerMerged, GroupsAreOfCompanies, StillLinked, MergingNeedsManager),
)
async def merge_customers(tx: CustomerChanges, wanted: CustomerMerge) -> Answer:
    """Make two customers one: everything recorded under the loser becomes the winner's.

    Where the winner says nothing, it takes what the loser says; `choose` prefers the loser's value field by field.
    Tags and custom fields are those of both, and the last contact is the later one. The loser stays readable by its id
    with `merged_into_id`, and can be had back (`unmerge`). It takes a manager or an administrator.
    """
    return await merging.merge(tx, wanted)


@router.post(
    "/customers/{customer_id}/unmerge",
    response_model=CustomerRead,
    responses=problems(CustomerMerged, CustomerErased, NotMerged, RegistrationCodeTaken, MergingNeedsManager),
)
async def unmerge_customer(tx: CustomerChanges, customer_id: UUID) -> Answer:
    """Make two of one again: the loser gets back what was its own, and both are as they were.

    What was recorded since the merge stays with the winner, except what names a person of the loser's.
    """
    return await merging.unmerge(tx, customer_id)
