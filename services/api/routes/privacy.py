"""What people may ask of us about their data, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.privacy import disclosing, erasing
from crm.privacy.errors import CompanyHasNoPersonalData, CompanyNotErasable
from crm.privacy.schemas import CustomerPersonalData, Erasure, ErasureRead, PersonalData
from services.api.deps import Seals, changes, discloses
from services.api.layers.deadlines import patient
from services.api.problems import problems
from services.api.routing import router as new_router

Discloses = Annotated[Access, discloses("privacy")]
PrivacyChanges = Annotated[Transaction, changes("privacy")]

router = new_router(tags=["privacy"])


@router.get("/contacts/{contact_id}/personal-data", response_model=PersonalData)
async def get_personal_data(access: Discloses, sealer: Seals, contact_id: UUID) -> bytes:
    """Everything that is held about this person, to be handed to them. That you took it out is itself a fact.

    The text of their taboos is in it if you were given the right to read what is sensitive.
    """
    return await disclosing.personal_data(access, sealer, contact_id)


@router.get(
    "/customers/{customer_id}/personal-data",
    response_model=CustomerPersonalData,
    responses=problems(CompanyHasNoPersonalData),
)
async def get_personal_data_of_customer(access: Discloses, customer_id: UUID) -> bytes:
    """Everything that is held about a customer who is a person. That you took it out is itself a fact."""
    return await disclosing.personal_data_of_customer(access, customer_id)


@router.post("/contacts/{contact_id}/erase", response_model=ErasureRead)
@patient(15)
async def erase_contact(tx: PrivacyChanges, contact_id: UUID, wanted: Erasure) -> Answer:
    """Overwrite what is known of this person, for good: in the record, in search, and in every fact that names them.

    Notes on them, tasks about them and files hung on them are emptied; elsewhere their names, numbers and addresses are
    taken out of what people wrote, and the answer lists where, for you to read. Files of exports that were not fetched
    yet are withdrawn. Ids, moments and counts stay, so that the history remains whole.
    """
    return await erasing.erase_contact(tx, contact_id, wanted.reason)


@router.post("/customers/{customer_id}/erase", response_model=ErasureRead, responses=problems(CompanyNotErasable))
@patient(15)
async def erase_customer(tx: PrivacyChanges, customer_id: UUID, wanted: Erasure) -> Answer:
    """Overwrite what is known of a customer who is a person, as with a contact, and all that hangs on them.

    Customers that were merged with it are the same person and are erased too. The contacts under it stay.
    """
    return await erasing.erase_customer(tx, customer_id, wanted.reason)
