"""Webhook endpoints, over HTTP."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.sealing import Sealer
from crm.webhooks import actions, queries, resending
from crm.webhooks.errors import EndpointDisabled, TooManyEndpoints
from crm.webhooks.schemas import (
    WebhookDeliveryFilter,
    WebhookDeliveryRead,
    WebhookEndpointCreate,
    WebhookEndpointFilter,
    WebhookEndpointRead,
    WebhookEndpointUpdate,
    WebhookEndpointWithSecret,
    WebhookRecovered,
    WebhookRecovery,
)
from services.api.answers import ShownOnce
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

WebhookReads = Annotated[Access, reads("webhooks")]
WebhookWrites = Annotated[Access, writes("webhooks")]
WebhookChanges = Annotated[Transaction, changes("webhooks")]


@dataclass(frozen=True, slots=True)
class Premises:
    """What this installation lets endpoints be, and what their secrets are sealed with."""

    sealer: Sealer
    allow_loopback: bool
    known: Collection[str]


async def _premises(request: Request) -> Premises:
    state = request.app.state
    return Premises(state.sealer, state.settings.webhooks_allow_loopback, state.event_types)


Here = Annotated[Premises, Depends(_premises)]

router = new_router(tags=["webhooks"])


@router.get("/webhook-endpoints", response_model=Page[WebhookEndpointRead])
async def list_webhook_endpoints(access: WebhookReads, wanted: Annotated[WebhookEndpointFilter, Query()]) -> bytes:
    """Who is told of what, and how well they take it."""
    return await queries.page(access, wanted)


@router.post(
    "/webhook-endpoints",
    status_code=201,
    response_model=WebhookEndpointWithSecret,
    responses=problems(TooManyEndpoints, AlreadyExists),
)
async def create_webhook_endpoint(access: WebhookWrites, here: Here, new: WebhookEndpointCreate) -> ShownOnce:
    """Have events sent to an address. The answer shows the secret they are signed with: keep it, it is shown once.

    Deliveries follow Standard Webhooks: verify `webhook-signature` with the secret, answer 2xx within 15 seconds, and
    expect that a delivery may come twice (same `webhook-id`) or out of order (`sequence`). What fails is tried eleven
    times over three days; 410 disables the endpoint.
    """
    created = await actions.create(access, new, here.sealer, allow_loopback=here.allow_loopback, known=here.known)
    return ShownOnce(*created, "/v1/webhook-endpoints")


@router.get("/webhook-endpoints/{endpoint_id}", response_model=WebhookEndpointRead)
async def get_webhook_endpoint(access: WebhookReads, endpoint_id: UUID) -> Answer:
    """One endpoint with its health. Its secret is not shown."""
    return await queries.get(access, endpoint_id)


@router.patch("/webhook-endpoints/{endpoint_id}", response_model=WebhookEndpointRead)
async def update_webhook_endpoint(
    access: WebhookWrites, here: Here, endpoint_id: UUID, change: WebhookEndpointUpdate
) -> Answer:
    """Change what you send and nothing else. What is under way goes to the new address."""
    return await actions.update(access, endpoint_id, change, allow_loopback=here.allow_loopback, known=here.known)


@router.post(
    "/webhook-endpoints/{endpoint_id}/enable", response_model=WebhookEndpointRead, responses=problems(TooManyEndpoints)
)
async def enable_webhook_endpoint(access: WebhookWrites, endpoint_id: UUID) -> Answer:
    """Send to it again, beginning with what waited when it was disabled. For what was missed since, `recover`."""
    return await actions.enable(access, endpoint_id)


@router.post("/webhook-endpoints/{endpoint_id}/disable", response_model=WebhookEndpointRead)
async def disable_webhook_endpoint(access: WebhookWrites, endpoint_id: UUID) -> Answer:
    """Send nothing to it any more. What is under way waits; what happens from now on is not meant for it."""
    return await actions.disable(access, endpoint_id)


@router.post("/webhook-endpoints/{endpoint_id}/rotate-secret", response_model=WebhookEndpointWithSecret)
async def rotate_webhook_secret(access: WebhookWrites, here: Here, endpoint_id: UUID) -> ShownOnce:
    """Give it a new secret, shown once. For 24 hours deliveries carry a signature with the old one as well.

    So both secrets verify until then, and nothing is refused while you change over. A secret from before the old one
    ends at once.
    """
    return ShownOnce(*await actions.rotate_secret(access, endpoint_id, here.sealer))


@router.post(
    "/webhook-endpoints/{endpoint_id}/test", response_model=WebhookDeliveryRead, responses=problems(EndpointDisabled)
)
async def test_webhook_endpoint(access: WebhookWrites, endpoint_id: UUID) -> Answer:
    """Send an event `webhook.test` to this endpoint only. The answer is its delivery: look again for the result."""
    return await resending.test(access, endpoint_id)


@router.post(
    "/webhook-endpoints/{endpoint_id}/recover", response_model=WebhookRecovered, responses=problems(EndpointDisabled)
)
async def recover_webhook_deliveries(tx: WebhookChanges, endpoint_id: UUID, wanted: WebhookRecovery) -> bytes:
    """Send again what has failed since then, and send what it was never sent, such as while it was disabled."""
    return (await resending.recover(tx, endpoint_id, wanted.since)).model_dump_json().encode()


@router.get("/webhook-endpoints/{endpoint_id}/deliveries", response_model=Page[WebhookDeliveryRead])
async def list_webhook_deliveries(
    access: WebhookReads, endpoint_id: UUID, wanted: Annotated[WebhookDeliveryFilter, Query()]
) -> bytes:
    """What it was sent or is to be sent, newest first. `state=dead` shows what was given up."""
    return await queries.page_of_deliveries(access, endpoint_id, wanted)
