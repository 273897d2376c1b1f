"""What crosses the boundary: endpoints, what was delivered to them, and how."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.events.schemas import ActorShown, SubjectShown
from crm.fields import Line, Moment, Sent, Shown, kept, like
from crm.paging import Filter
from crm.webhooks.vocabulary import DeliveryState, EndpointState

Pattern = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Patterns = Annotated[
    list[Pattern],
    Field(
        min_length=1,
        max_length=50,
        description="Which events: `*` for all, `visit.*` for all of visits, `visit.completed` for just that.",
        examples=[["visit.*", "customer.created"]],
    ),
]
Url = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=2048),
    Field(description="https to a public name, on port 443 or from 1024 up.", examples=["https://example.com/hooks"]),
]


class WebhookEndpointCreate(Sent):
    """Where to send which events."""

    model_config = like(
        url="https://example.com/hooks", types=["visit.*", "customer.created"], description="Our warehouse"
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    url: Url
    types: Patterns
    description: Line | None = None
    personal_data: bool = Field(
        default=False,
        description="Whether it is told how to reach people: phones, e-mails, birthdays. Without it these are left out "
        "of `data`, and `changes` names them without their values.",
    )


class WebhookEndpointUpdate(Sent):
    """What to change (JSON merge patch): fields not sent keep their value."""

    model_config = like(types=["*"], description=None)

    url: Url = kept()
    types: Patterns = kept()
    description: Line | None = None
    personal_data: bool = kept()


class WebhookRecovery(Sent):
    """From when on to send again what did not arrive: at most 14 days back."""

    model_config = like(since="2026-11-20T00:00:00Z")

    since: Moment


class WebhookEndpointRead(Shown):
    """A webhook endpoint. Its secret is shown once, when it is made, and never again."""

    id: UUID
    url: str
    types: list[str]
    description: str | None
    personal_data: bool = Field(description="Whether it is told how to reach people.")
    state: EndpointState
    disabled_because: str | None = Field(description="`by_hand`, `gone` (it answered 410), or `failing` (for 5 days).")
    previous_secret_until: datetime | None = Field(
        description="Until then deliveries are signed with the secret before the present one too."
    )
    failing_since: datetime | None = Field(description="Since when every delivery has failed.")
    failures: int = Field(description="How many attempts in a row have failed.")
    created_at: datetime
    updated_at: datetime
    version: int


class WebhookEndpointWithSecret(WebhookEndpointRead):
    """A webhook endpoint with the secret its deliveries are signed with. Keep it: it is not shown again."""

    secret: str | None = Field(
        description="Null where a repeated request (`Idempotency-Key`) is answered once more.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"],
    )


class WebhookEndpointFilter(Filter):
    """Which endpoints, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    state: list[EndpointState] | None = None


class WebhookDeliveryRead(Shown):
    """One event on its way to one endpoint."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID = Field(description="The same over all attempts: the header `webhook-id`.")
    event_type: str
    state: DeliveryState = Field(description="`dead`: every attempt failed. It can be retried.")
    attempt_count: int
    next_attempt_at: datetime | None = Field(description="Null when no attempt is planned.")
    last_status: int | None = Field(description="What the endpoint answered last; null when it did not.")
    last_error: str | None = Field(description="What went wrong when there was no proper answer.")
    settled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class WebhookAttemptRead(Shown):
    """One attempt of a delivery."""

    attempt: int
    attempted_at: datetime
    status: int | None
    error: str | None
    duration_ms: int
    response_start: str | None = Field(description="The first 4 kB of the answer.")


class WebhookDeliveryDetail(WebhookDeliveryRead):
    """One event on its way to one endpoint, with every attempt."""

    attempts: list[WebhookAttemptRead]


class WebhookDeliveryFilter(Filter):
    """Which deliveries, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    state: list[DeliveryState] | None = None


class WebhookRecovered(Shown):
    """What a recovery has put on its way."""

    requeued: int = Field(description="Deliveries that had failed and are tried again.")
    missed: int = Field(description="Events that had never been meant for this endpoint, or not while it was disabled.")
    complete: bool = Field(description="False when there is more: ask again.")


class WebhookBody(Shown):
    """What an endpoint is sent, in the form of Standard Webhooks: what happened, when, and to what."""

    type: str
    timestamp: datetime = Field(description="When it happened.")
    data: dict[str, Any] = Field(description="The subject as it was just after.")
    id: UUID = Field(description="The event; also the header `webhook-id`. The same over all attempts.")
    workspace_id: UUID
    actor: ActorShown
    subject: SubjectShown
    sequence: int = Field(description="The subject's version after this: drop what is older than what you have.")
    customer_id: UUID | None
    changes: dict[str, tuple[Any, Any]] | None = Field(description="Each changed field, before and after.")
