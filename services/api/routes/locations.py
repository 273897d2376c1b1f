"""Whether the positions of one's device are kept, over HTTP. Needs no scope: it is everyone's own to say."""

from typing import Annotated

from fastapi import Security

from crm.database import Access, Transaction
from crm.visits import consenting
from crm.visits.consents import LocationConsentRead, LocationConsentSent
from crm.workspaces.errors import OnlyForPeople
from services.api.deps import CHANGING, READING
from services.api.problems import problems
from services.api.routing import router as new_router

router = new_router(tags=["me"])

SelfReads = Annotated[Access, Security(READING)]
SelfChanges = Annotated[Transaction, Security(CHANGING)]


@router.get("/me/location-consent", response_model=LocationConsentRead, responses=problems(OnlyForPeople))
async def get_location_consent(access: SelfReads) -> bytes:
    """Whether you agreed that the positions of your device are kept with your visits."""
    return await consenting.get(access)


@router.put("/me/location-consent", response_model=LocationConsentRead, responses=problems(OnlyForPeople))
async def put_location_consent(tx: SelfChanges, said: LocationConsentSent) -> bytes:
    """Agree that the positions of your device are kept with your visits, or take it back.

    Without it a position serves to work out how far from the customer you are, and is not kept. Taking it back forgets
    every position kept so far.
    """
    return await consenting.put(tx, said)
