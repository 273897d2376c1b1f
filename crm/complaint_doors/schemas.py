"""What crosses the boundary: the doors, as those who keep them see them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.complaint_doors.vocabulary import DoorState, Outcome
from crm.fields import Email, Name, Sent, Shown, kept, like
from crm.paging import Filter

Greeting = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
ServerName = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, pattern=r"^[A-Za-z0-9._-]{1,255}$")]
AUTHSERV = (
    "What your mail server calls itself in `Authentication-Results` (RFC 8601). Where it writes `dmarc=pass` for the "
    "sender's domain, the `sender` of the complaint is `verified`. It must take out such headers that others wrote."
)
TEAM = "The team that what comes in goes to; without one, the administrators are told."
GREETING = "What stands above the form in {}; a sentence of ours when not given."


class ComplaintFormCreate(Sent):
    """A form that anybody with its link can send a complaint through."""

    model_config = like(name="Website", greeting="We are sorry. Tell us what happened.")

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    greeting: Greeting | None = Field(default=None, description=GREETING.format("English"))
    greeting_zh: Greeting | None = Field(default=None, description=GREETING.format("Chinese"))
    team_id: UUID | None = Field(default=None, description=TEAM)


class ComplaintFormUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(greeting=None)

    name: Name = kept()
    greeting: Greeting | None = None
    greeting_zh: Greeting | None = None
    team_id: UUID | None = None


class ComplaintFormRead(Shown):
    """A public form. Its link is shown once, when it is made, and never again."""

    id: UUID
    name: str
    greeting: str | None
    greeting_zh: str | None
    team_id: UUID | None
    state: DoorState
    link_made_at: datetime
    created_at: datetime
    updated_at: datetime
    version: int


class ComplaintFormWithLink(ComplaintFormRead):
    """A public form with its link: for your website, a poster, a code to scan."""

    url: str | None = Field(
        description="Null where a repeated request (`Idempotency-Key`) is answered once more.",
        examples=["https://crm.example.com/v1/public/complaint-forms/EQGiAUkS…1d8"],
    )
    page_url: str | None = Field(
        description="The same as a page for people, where you have none of your own.",
        examples=["https://crm.example.com/complain/EQGiAUkS…1d8"],
    )


class ComplaintInboxCreate(Sent):
    """A mailbox whose mails are complaints."""

    model_config = like(name="complaints@", address="complaints@example.com")

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    address: Email | None = Field(default=None, description="The mailbox, for you to know which one it is.")
    team_id: UUID | None = Field(default=None, description=TEAM)
    match_senders: bool = Field(
        default=True,
        description="Whether a complaint is linked to the one customer who is known to have the sender's address. "
        "Anybody can write any address as theirs.",
    )
    authserv_id: ServerName | None = Field(default=None, description=AUTHSERV)


class ComplaintInboxUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(address="service@example.com")

    name: Name = kept()
    address: Email | None = None
    team_id: UUID | None = None
    match_senders: bool = kept()
    authserv_id: ServerName | None = Field(default=None, description=AUTHSERV)


class ComplaintInboxRead(Shown):
    """A mailbox. What mails are signed with is shown once, when it is made, and never again."""

    id: UUID
    name: str
    address: str | None
    team_id: UUID | None
    match_senders: bool
    authserv_id: str | None
    state: DoorState
    previous_secret_until: datetime | None = Field(
        description="Until then mails signed with the secret before the present one are taken too."
    )
    created_at: datetime
    updated_at: datetime
    version: int


class ComplaintInboxWithSecret(ComplaintInboxRead):
    """A mailbox with the address that mails are handed over at, and the secret to sign them with. Keep it."""

    secret: str | None = Field(
        description="Null where a repeated request (`Idempotency-Key`) is answered once more.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"],
    )
    url: str | None = Field(examples=["https://crm.example.com/v1/public/complaint-inboxes/E6IBSRLk…1d8"])


class DoorFilter(Filter):
    """Which forms or inboxes, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    state: list[DoorState] | None = None


class MailTaken(Shown):
    """What became of a mail."""

    outcome: Outcome
    reference: str | None = Field(description="The number of the complaint that it began, or is a word more to.")
    repeated: bool = Field(description="Whether it was handed over before; then nothing happened now.")
