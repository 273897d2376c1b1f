"""The timeline of a customer, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Header, Query
from starlette.responses import Response

from crm.paging import Page
from crm.timeline import queries
from crm.timeline.schemas import TimelineEntry, TimelineFilter
from services.api.answers import JSON
from services.api.deps import CustomerReads
from services.api.problems import in_chinese
from services.api.routing import router as new_router

router = new_router(tags=["customers"])

Language = Annotated[str, Header(max_length=500, description="`en` or `zh-CN`; your own language without it.")]


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
    chinese = in_chinese(accept_language) if accept_language else access.actor.language == "zh-CN"
    found = await queries.page(access, customer_id, wanted, chinese=chinese)
    headers = {"Content-Language": "zh-CN" if chinese else "en", "Vary": "Accept-Language"}
    return Response(found, headers=headers, media_type=JSON)
