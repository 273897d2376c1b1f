"""What crosses the boundary about whereabouts: the positions of a visit, and the consent to keep them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.fields import Sent, Shown, like

NoticeVersion = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]


class PositionShown(Shown):
    """Where a device said that it was."""

    latitude: float
    longitude: float
    accuracy_m: float | None


class LocationsRead(Shown):
    """Where a visit was started and completed; null where no position is kept."""

    visit_id: UUID
    start: PositionShown | None
    completion: PositionShown | None


class LocationConsentSent(Sent):
    """Whether the positions of your device may be kept with your visits."""

    model_config = like(status="given", notice_version="2026-11")

    status: Literal["given", "withdrawn"]
    notice_version: NoticeVersion = Field(description="Which text you were shown when you decided.")


class LocationConsentRead(Shown):
    """What you said of it."""

    status: Literal["unasked", "given", "withdrawn"]
    notice_version: str | None
    updated_at: datetime | None


class LocationConsentKept(Shown):
    """What somebody said of it."""

    id: UUID
    user_id: UUID
    status: Literal["given", "withdrawn"]
    notice_version: str
    created_at: datetime
    updated_at: datetime
    version: int
