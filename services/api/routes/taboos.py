"""Taboos of contacts, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from crm.contacts import taboos
from crm.contacts.beside import Taboos, TaboosKept, TaboosRead
from crm.contacts.errors import ContactArchived
from crm.customers.errors import CustomerArchived
from crm.database import Access
from crm.nouns import Answer
from services.api.answers import JSON
from services.api.deps import Seals, discloses, writes
from services.api.problems import problems
from services.api.routing import router as new_router

TabooReads = Annotated[Access, discloses("contacts", "sensitive")]
TabooWrites = Annotated[Access, writes("contacts", "sensitive")]


router = new_router(tags=["contacts"])


@router.get("/contacts/{contact_id}/taboos", response_model=TaboosRead)
async def get_taboos(access: TabooReads, sealer: Seals, contact_id: UUID) -> Response:
    """What must not be said or done with this person. Only for those who were given the right, and each read is
    written down as `contact.sensitive_read` before it is answered.
    """
    found = await taboos.get(access, sealer, contact_id)
    headers = {"Cache-Control": "no-store"} | ({"ETag": f'"{found.version}"'} if found.version else {})
    return Response(found.body, headers=headers, media_type=JSON)


@router.put(
    "/contacts/{contact_id}/taboos", response_model=TaboosKept, responses=problems(ContactArchived, CustomerArchived)
)
async def put_taboos(access: TabooWrites, sealer: Seals, contact_id: UUID, new: Taboos) -> Answer:
    """Keep this text in place of what was known; null forgets it. The answer does not say the text back."""
    return await taboos.put(access, sealer, contact_id, new.taboos)
