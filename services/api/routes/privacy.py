"""What people may ask of us about their data, over HTTP."""

from typing import Annotated
from uuid import UUID

from crm.database import Access
from crm.privacy import disclosing
from crm.privacy.schemas import PersonalData
from services.api.deps import discloses
from services.api.routing import router as new_router

Discloses = Annotated[Access, discloses("privacy")]

router = new_router(tags=["privacy"])


@router.get("/contacts/{contact_id}/personal-data", response_model=PersonalData)
async def get_personal_data(access: Discloses, contact_id: UUID) -> bytes:
    """Everything that is held about this person, to be handed to them. That you took it out is itself a fact."""
    return await disclosing.personal_data(access, contact_id)
