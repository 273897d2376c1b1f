"""What crosses the boundary: a feed, without and once with its address."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from crm.fields import Shown


class FeedRead(Shown):
    """A private calendar of a person. Its address is shown once, when it is made, and never again."""

    id: UUID
    user_id: UUID
    revoked_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class FeedWithAddress(FeedRead):
    """A feed with its address. Whoever has the address can read it: hand it to your own calendar only."""

    url: str | None = Field(
        description="Null where a repeated request (`Idempotency-Key`) is answered once more.",
        examples=["https://crm.example.com/v1/feeds/AgGiAUkS…1d8.ics"],
    )
