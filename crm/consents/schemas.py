"""What crosses the boundary: a line of the ledger as it is sent and shown, and what holds now."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from crm.consents.rules import NEEDS_SEPARATE_CONSENT
from crm.consents.vocabulary import Because, Channel, Purpose, Status
from crm.contacts.vocabulary import LegalBasis
from crm.fields import Sent, Shown, like
from crm.paging import Filter

NoticeVersion = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class ConsentCreate(Sent):
    """What a person said about a purpose. To withdraw takes no more than the purpose."""

    model_config = like(purpose="marketing", status="given", channel="wechat", notice_version="2026-03")

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    purpose: Purpose
    status: Status
    channel: Channel | None = Field(default=None, description="How they said it.")
    notice_version: NoticeVersion | None = Field(
        default=None, description="Which text they were shown (PIPL 17). Consent without one is none."
    )
    separate: bool = Field(default=False, description="Asked for by itself, not among other things.")

    @model_validator(mode="after")
    def _is_consent(self) -> Self:
        """Refuse what the law does not count as consent (PIPL 14, 17, 29)."""
        if self.status == "given" and self.notice_version is None:
            raise ValueError("Consent needs the version of the notice that was shown.")
        if self.status == "given" and self.purpose in NEEDS_SEPARATE_CONSENT and not self.separate:
            raise ValueError("This purpose needs a consent of its own: separate must be true.")
        return self


class ConsentRead(Shown):
    """A line of the ledger."""

    id: UUID
    contact_id: UUID
    customer_id: UUID = Field(description="Where the person was then.")
    purpose: Purpose
    status: Status
    channel: Channel | None
    notice_version: str | None
    separate: bool
    created_at: datetime
    version: int


class ConsentFilter(Filter):
    """Which lines, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    purpose: list[Purpose] | None = None
    status: list[Status] | None = None


class PurposeState(Shown):
    """What holds for one purpose now."""

    purpose: Purpose
    status: Status | None = Field(description="The last word of the ledger; null where nothing was ever said.")
    since: datetime | None
    channel: Channel | None
    notice_version: str | None
    separate: bool | None
    may_contact: bool = Field(description="Whether an automated message for this purpose would go out now.")
    because: Because


class ConsentState(Shown):
    """What a person agrees to now, purpose by purpose."""

    contact_id: UUID
    do_not_contact: bool = Field(description="The person's or the customer's wish; it stops everything automated.")
    objected_elsewhere: bool = Field(
        description="Another file with the same phone or e-mail, at whichever customer, wishes no contact: what goes "
        "to that address reaches whoever wished it."
    )
    legal_basis: LegalBasis | None
    purposes: list[PurposeState]
