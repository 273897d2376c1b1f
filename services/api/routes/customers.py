"""Customers, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.complaints.seams import is_in_use
from crm.customers import actions, duplicates, queries, tags
from crm.customers.errors import (
    CustomerAboveItself,
    CustomerArchived,
    CustomerErased,
    CustomerMerged,
    CustomerStillInUse,
    GroupsAreOfCompanies,
    HandingOverIsForSupervisors,
    PossibleDuplicates,
    RegistrationCodeTaken,
    StillLinked,
)
from crm.customers.listing import CustomerFilter, TagsShown
from crm.customers.schemas import CustomerCreate, CustomerRead, CustomerUpdate
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import CustomerReads, CustomerWrites
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["customers"])

Allowed = Annotated[bool, Query(description="Add it even where it looks like one that is there.")]


@router.get("/customers", response_model=Page[CustomerRead])
async def list_customers(access: CustomerReads, wanted: Annotated[CustomerFilter, Query()]) -> bytes:
    """The customers you may see, newest first; filter by any attribute, search by name, pinyin, initials or phone.

    Fields of your own are filters too: `custom.price_list=A`, repeated for any of several values; of numbers and dates
    also `custom.staff_gte=100` and `custom.staff_lte=500`.
    """
    return await queries.page(access, wanted)


@router.post(
    "/customers",
    status_code=201,
    response_model=CustomerRead,
    responses=problems(PossibleDuplicates, RegistrationCodeTaken, GroupsAreOfCompanies, AlreadyExists),
)
async def create_customer(access: CustomerWrites, new: CustomerCreate, allow_duplicates: Allowed = False) -> Answer:
    """Add a customer. It is yours unless you name another owner, and says when to be in touch first.

    Where you may have this customer already, it is not added (409) and `duplicates` says who that is and why; one of
    another team's is masked.
    """
    if allow_duplicates:
        return await actions.create(access, new)
    return await duplicates.create(access, new)


@router.get("/customers/tags", response_model=TagsShown)
async def list_tags(access: CustomerReads) -> bytes:
    """The tags in use among the customers you see, the most used first, at most 500."""
    return await tags.in_use(access)


@router.get("/customers/{customer_id}", response_model=CustomerRead)
async def get_customer(access: CustomerReads, customer_id: UUID) -> Answer:
    """One customer, with how warm the relationship is and when the next contact is due."""
    return await queries.get(access, customer_id)


@router.patch(
    "/customers/{customer_id}",
    response_model=CustomerRead,
    responses=problems(
        CustomerArchived,
        CustomerMerged,
        RegistrationCodeTaken,
        HandingOverIsForSupervisors,
        CustomerAboveItself,
        GroupsAreOfCompanies,
        StillLinked,
    ),
)
async def update_customer(access: CustomerWrites, customer_id: UUID, change: CustomerUpdate) -> Answer:
    """Change what you send and nothing else; null empties a field that may be empty.

    `address` and `custom` are merged key by key (JSON merge patch): what you do not send stays, null takes a key away.
    Money and lists are sent whole.
    """
    return await actions.update(access, customer_id, change)


@router.post("/customers/{customer_id}/archive", response_model=CustomerRead, responses=problems(CustomerStillInUse))
async def archive_customer(access: CustomerWrites, customer_id: UUID) -> Answer:
    """Put a customer aside who has neither an open opportunity nor an open complaint. It leaves the lists, keeps its
    history, and can be restored.
    """
    return await actions.archive(access, customer_id, unless=is_in_use)


@router.post(
    "/customers/{customer_id}/restore",
    response_model=CustomerRead,
    responses=problems(CustomerErased, CustomerMerged, RegistrationCodeTaken),
)
async def restore_customer(access: CustomerWrites, customer_id: UUID) -> Answer:
    """Bring an archived customer back."""
    return await actions.restore(access, customer_id)


@router.post("/customers/{customer_id}/verify", response_model=CustomerRead, responses=problems(CustomerArchived))
async def verify_customer(access: CustomerWrites, customer_id: UUID) -> Answer:
    """Say that you have made sure, today, that what stands here is true."""
    return await actions.verify(access, customer_id)
