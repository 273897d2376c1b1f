"""What people agree to, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.consents import actions, queries
from crm.consents.schemas import ConsentCreate, ConsentFilter, ConsentRead, ConsentState
from crm.contacts.errors import ContactErased
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.problems import problems
from services.api.routes.contacts import ContactReads, ContactWrites
from services.api.routing import router as new_router

router = new_router(tags=["consents"])


@router.get("/contacts/{contact_id}/consents", response_model=Page[ConsentRead])
async def list_consents(access: ContactReads, contact_id: UUID, wanted: Annotated[ConsentFilter, Query()]) -> bytes:
    """What this person agreed to and took back, newest first: the ledger, which nobody can change."""
    return await queries.page(access, contact_id, wanted)


@router.post(
    "/contacts/{contact_id}/consents",
    status_code=201,
    response_model=ConsentRead,
    responses=problems(ContactErased, AlreadyExists),
)
async def record_consent(access: ContactWrites, contact_id: UUID, new: ConsentCreate) -> Answer:
    """Write down that this person agrees to a purpose, or no longer does.

    It holds from now on, for messages that are planned already as well. Sensitive data, location, sharing with others
    and transfer abroad need a consent of their own (`separate`).
    """
    return await actions.say(access, contact_id, new)


@router.get("/contacts/{contact_id}/consent-state", response_model=ConsentState)
async def get_consent_state(access: ContactReads, contact_id: UUID) -> bytes:
    """What this person agrees to now, purpose by purpose, and whether an automated message would go out.

    Consent is given for one file and its purposes. The wish not to be contacted is heeded in every file with the same
    phone or e-mail.
    """
    return await queries.state(access, contact_id)
