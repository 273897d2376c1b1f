"""Deliveries to webhook endpoints, over HTTP."""

from uuid import UUID

from crm.nouns import Answer
from crm.webhooks import queries, resending
from crm.webhooks.errors import EndpointDisabled
from crm.webhooks.schemas import WebhookDeliveryDetail, WebhookDeliveryRead
from services.api.problems import problems
from services.api.routes.webhook_endpoints import WebhookReads, WebhookWrites
from services.api.routing import router as new_router

router = new_router(tags=["webhooks"])


@router.get("/deliveries/{delivery_id}", response_model=WebhookDeliveryDetail)
async def get_webhook_delivery(access: WebhookReads, delivery_id: UUID) -> Answer:
    """One delivery with every attempt: what was answered, how long it took, what went wrong."""
    return await queries.get_delivery(access, delivery_id)


@router.post(
    "/deliveries/{delivery_id}/retry", response_model=WebhookDeliveryRead, responses=problems(EndpointDisabled)
)
async def retry_webhook_delivery(access: WebhookWrites, delivery_id: UUID) -> Answer:
    """Send it once more, now, whatever became of it; with a whole schedule of further attempts behind it."""
    return await resending.retry(access, delivery_id)
