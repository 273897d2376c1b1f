"""The timeline of a customer, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from crm.paging import Page
from crm.timeline import queries
from crm.timeline.schemas import TimelineEntry, TimelineFilter
from services.api.deps import CustomerReads
from services.api.languages import Language, in_that_language, speaks_chinese
from services.api.routing import router as new_router

router = new_router(tags=["customers"])


@router.get("/customers/{customer_id}/timeline", response_model=Page[TimelineEntry])
async def list_customer_timeline(
    access: CustomerReads,
    customer_id: UUID,
    wanted: Annotated[TimelineFilter, Query()],
    accept_language: Language = "",
) -> Response:
    """Everything that happened to a customer and its people, newest first, each fact with a sentence that tells it.

    Whoever sees the customer sees all of its timeline. What concerns no customer, such as people, keys and settings,
    stands in no timeline.
    """
    chinese = speaks_chinese(access.actor, accept_language)
    return in_that_language(await queries.page(access, customer_id, wanted, chinese=chinese), chinese=chinese)
