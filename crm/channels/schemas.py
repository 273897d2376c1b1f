"""What crosses the boundary: channels, and the messages on their way over them."""

from datetime import datetime, time
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from crm.channels.vocabulary import ChannelKind, ChannelState, Digest, DisabledBecause, MessageState, Occasion
from crm.clock import is_zone
from crm.fields import Email, Name, Sent, Shown, kept, like
from crm.notifications.vocabulary import Kind
from crm.paging import Filter
from crm.workspaces.vocabulary import Language


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("This is not the name of a time zone, such as Asia/Shanghai.")
    return name


def _minutes(at: time) -> time:
    if at.tzinfo is not None or at.second or at.microsecond:
        raise ValueError("A time of day in hours and minutes, such as 08:30.")
    return at


Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
TimeOfDay = Annotated[time, AfterValidator(_minutes), Field(examples=["08:30"])]
Times = Annotated[
    list[TimeOfDay],
    Field(max_length=24, description="For `daily`: at these times, by the channel's time zone."),
]
Kinds = Annotated[
    list[Kind],
    Field(min_length=1, max_length=20, description="Which kinds of notification; null for all."),
]
QuietDays = Annotated[
    bool,
    Field(
        description="Nobody is disturbed on days off by the calendar of whoever is told: holidays, and weekends that "
        "are not made up for."
    ),
]
PerMinute = Annotated[int, Field(ge=1, le=600)]
QUIET_FROM = "From then on nobody is disturbed, until `quiet_until`; what falls due meanwhile is told then."
QUIET_UNTIL = "When it is before `quiet_from`, it is on the next day."


class NotificationChannelCreate(Sent):
    """Where, when and of what you want to be told."""

    model_config = like(
        kind="email", address="anna@example.com", digest="daily", digest_times=["09:00", "17:30"], quiet_weekends=True
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    kind: ChannelKind
    name: Name | None = None
    shared: bool = Field(
        default=False,
        description="Told of what colleagues are told: of `team_id`, or of everybody. For managers and administrators.",
    )
    team_id: UUID | None = Field(default=None, description="With `shared`: of the members of this team only.")
    address: Email | None = Field(default=None, description="Of an e-mail channel.")
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2048)] | None = Field(
        default=None, description="Of a robot, as its settings show it, or of a webhook. Never shown again."
    )
    secret: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] | None = Field(
        default=None, description="What a DingTalk or Feishu robot's messages are signed with. Never shown again."
    )
    notification_kinds: Kinds | None = None
    language: Language | None = Field(default=None, description="Null for the language of whoever is told.")
    timezone: Zone | None = Field(default=None, description="Of quiet hours and digests; the workspace's unless given.")
    digest: Digest = "immediately"
    digest_times: Times = Field(default_factory=list)
    quiet_from: TimeOfDay | None = Field(default=None, description=QUIET_FROM)
    quiet_until: TimeOfDay | None = Field(default=None, description=QUIET_UNTIL)
    quiet_weekends: QuietDays = False
    per_minute: PerMinute | None = Field(default=None, description="At most so many messages in any 60 seconds.")


class NotificationChannelUpdate(Sent):
    """What to change (JSON merge patch): fields not sent keep their value. An address cannot be changed."""

    model_config = like(quiet_from="22:00", quiet_until="07:30")

    name: Name = kept()
    notification_kinds: Kinds | None = None
    language: Language | None = None
    timezone: Zone = kept()
    digest: Digest = kept()
    digest_times: Times = kept()
    quiet_from: TimeOfDay | None = Field(default=None, description=QUIET_FROM)
    quiet_until: TimeOfDay | None = Field(default=None, description=QUIET_UNTIL)
    quiet_weekends: QuietDays = kept()
    per_minute: PerMinute = kept()


class ChannelCode(Sent):
    """The code that was sent to the address."""

    model_config = like(code="123456")

    code: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")]


class NotificationChannelRead(Shown):
    """A way to tell somebody. A robot's address and the secrets are never shown."""

    id: UUID
    kind: ChannelKind
    name: str
    user_id: UUID | None = Field(description="Whose it is; null when it is shared.")
    team_id: UUID | None
    shared: bool
    address: str | None = Field(description="Of an e-mail channel.")
    hint: str = Field(description="Enough to tell one from another: the host, and the end of a robot's key.")
    state: ChannelState = Field(description="`unverified`: hand in the code that was sent to the address.")
    disabled_because: DisabledBecause | None = Field(
        description="`gone`: the other side says it is no more. `failing`: it has only failed for five days."
    )
    notification_kinds: list[str] | None
    language: Language | None
    timezone: str
    digest: Digest
    digest_times: list[str]
    quiet_from: str | None
    quiet_until: str | None
    quiet_weekends: bool
    per_minute: int
    failures: int = Field(description="How many attempts in a row have failed.")
    failing_since: datetime | None
    next_at: datetime | None = Field(description="When something is to be told next.")
    created_at: datetime
    updated_at: datetime
    version: int


class NotificationChannelMade(NotificationChannelRead):
    """A channel as it was made."""

    secret: str | None = Field(
        description="Of a webhook: what its messages are signed with. Keep it: it is not shown again. Null for others, "
        "and where a repeated request (`Idempotency-Key`) is answered once more.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"],
    )


class NotificationChannelFilter(Filter):
    """Which channels, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    kind: list[ChannelKind] | None = None
    state: list[ChannelState] | None = None
    shared: bool | None = None


class NotificationMessageRead(Shown):
    """One message over one channel; several notifications can be in it."""

    id: UUID = Field(description="Also the `Message-ID` of an e-mail and the `webhook-id`: the same over all attempts.")
    channel_id: UUID
    occasion: Occasion
    state: MessageState = Field(
        description="`dead`: every attempt failed, or it was refused; it can be retried. "
        "`dropped`: there was nothing left to say when it was to be sent."
    )
    notification_count: int
    attempt_count: int
    next_attempt_at: datetime | None = Field(description="Null when no attempt is planned.")
    last_attempt_at: datetime | None
    last_status: int | None = Field(description="The status of the last answer: of HTTP, or of the mail server.")
    last_code: str | None = Field(description="What the provider called it: a robot's `errcode`, such as 45009.")
    last_error: str | None
    settled_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class NotificationMessageFilter(Filter):
    """Which messages, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    state: list[MessageState] | None = None
    channel_id: list[UUID] | None = None


class ToldSubject(Shown):
    """What a notification is about."""

    type: str
    id: UUID


class ToldNotification(Shown):
    """A notification, as a webhook channel is told of it."""

    id: UUID
    user_id: UUID
    kind: str
    title: str
    subject: ToldSubject
    customer_id: UUID | None
    created_at: datetime
