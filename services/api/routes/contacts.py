"""Contacts, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.contacts import actions, leaving, queries
from crm.contacts.errors import ContactArchived, ContactErased
from crm.contacts.schemas import ContactCreate, ContactFilter, ContactLeave, ContactRead, ContactUpdate
from crm.customers.errors import CustomerArchived
from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ContactReads = Annotated[Access, reads("contacts")]
ContactWrites = Annotated[Access, writes("contacts")]

router = new_router(tags=["contacts"])


@router.get("/contacts", response_model=Page[ContactRead])
async def list_contacts(access: ContactReads, wanted: Annotated[ContactFilter, Query()]) -> bytes:
    """The people at the customers you may see, newest first; search by name, pinyin, initials or phone."""
    return await queries.page(access, wanted)


@router.post(
    "/contacts",
    status_code=201,
    response_model=ContactRead,
    responses=problems(CustomerArchived, AlreadyExists),
)
async def create_contact(access: ContactWrites, new: ContactCreate) -> Answer:
    """Add a person at a customer. Phones are kept in E.164; a birthday may be solar or lunar."""
    return await actions.create(access, new)


@router.get("/contacts/{contact_id}", response_model=ContactRead)
async def get_contact(access: ContactReads, contact_id: UUID) -> Answer:
    """One contact."""
    return await queries.get(access, contact_id)


@router.patch(
    "/contacts/{contact_id}",
    response_model=ContactRead,
    responses=problems(ContactArchived, CustomerArchived),
)
async def update_contact(access: ContactWrites, contact_id: UUID, change: ContactUpdate) -> Answer:
    """Change what you send and nothing else; null empties a field that may be empty.

    `custom` is merged key by key (JSON merge patch): what you do not send stays, null takes a key away.
    A `birthday` is sent whole, and so are `phones`, `emails` and `roles`.
    """
    return await actions.update(access, contact_id, change)


@router.post("/contacts/{contact_id}/archive", response_model=ContactRead)
async def archive_contact(access: ContactWrites, contact_id: UUID) -> Answer:
    """Put a contact aside. It leaves the lists, keeps its history, and can be restored."""
    return await actions.archive(access, contact_id)


@router.post(
    "/contacts/{contact_id}/restore", response_model=ContactRead, responses=problems(ContactErased, CustomerArchived)
)
async def restore_contact(access: ContactWrites, contact_id: UUID) -> Answer:
    """Bring an archived contact back."""
    return await actions.restore(access, contact_id)


@router.post(
    "/contacts/{contact_id}/leave", response_model=ContactRead, responses=problems(ContactArchived, CustomerArchived)
)
async def leave_contact(access: ContactWrites, contact_id: UUID, how: ContactLeave | None = None) -> Answer:
    """Say that this person left the company. They stay on record, and are no choice for visits and no stakeholder."""
    return await leaving.leave(access, contact_id, how or ContactLeave())


@router.post(
    "/contacts/{contact_id}/rejoin", response_model=ContactRead, responses=problems(ContactArchived, CustomerArchived)
)
async def rejoin_contact(access: ContactWrites, contact_id: UUID) -> Answer:
    """Say that this person is there again, or never left."""
    return await leaving.rejoin(access, contact_id)
