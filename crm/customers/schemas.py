"""What crosses the boundary: a customer as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from crm.customers.registration import INVALID, fault, normalized_code
from crm.customers.vocabulary import (
    Band,
    Class,
    ErasedBecause,
    IntermediateKind,
    KeyKind,
    Kind,
    Lifecycle,
    LossCause,
    LossKind,
    Power,
    Rhythm,
    Size,
    Stage,
    Type,
)
from crm.fields import Email, Latitude, Line, Longitude, Moment, Name, Phone, Sent, Shown, Tags, Text, kept, like
from crm.paging import CustomFilter
from crm.workspaces.fields import Currency

Website = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[^\s]+$")]
RegistrationCode = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=40),
    AfterValidator(normalized_code),
    Field(
        description="统一社会信用代码 (GB 32100-2015), or another register's code. One of 18 characters must have the "
        "right check character, unless the address is in another country than China."
    ),
]
Custom = Annotated[dict[str, Any], Field(max_length=100, description="Your own fields, as they are sent.")]

Order = Literal[
    "created_at", "-created_at", "name", "-name",
    "last_contact_at", "-last_contact_at", "next_contact_due_on", "-next_contact_due_on",
    "verified_on", "-verified_on",
]  # fmt: skip
Sort = Literal[Order, "relevance"]

RELEVANCE: Final = "relevance"


class Address(Sent):
    """Where a customer is. With latitude and longitude, visits can say how far away they were."""

    line: Line | None = None
    city: Name | None = None
    region: Name | None = None
    postal_code: Annotated[str, StringConstraints(max_length=20)] | None = None
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] | None = Field(
        default=None, description="ISO 3166-1 alpha-2."
    )
    latitude: Latitude | None = None
    longitude: Longitude | None = None


class Money(Sent):
    """An amount, as text so that no digit is lost, and its currency."""

    amount: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,16}(\.[0-9]{1,2})?$")]
    currency: Currency


class _Attributes(Sent):
    type: Type | None = None
    intermediate_kind: IntermediateKind | None = None
    industry: Name | None = None
    region: Name | None = None
    size: Size | None = None
    purchasing_power: Power | None = None
    key_kind: KeyKind | None = None
    yearly_value: Money | None = Field(
        default=None, description="What they are worth in a year (年采购额), always whole."
    )
    influence: Annotated[int, Field(strict=True, ge=1, le=5)] | None = Field(
        default=None, description="How far others follow them (影响力): 1 is least, 5 is most."
    )
    parent_id: UUID | None = Field(default=None, description="The group this company belongs to.")
    source: Name | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Website | None = None
    address: Address | None = None
    registration_code: RegistrationCode | None = None
    note: Text | None = None


class CustomerCreate(_Attributes):
    """A new customer. Whoever creates it owns it, unless another owner is named."""

    model_config = like(
        **{"class": "key"},
        name="重庆长安汽车股份有限公司",
        registration_code="9150000020286320X6",
        industry="automotive",
        region="Chongqing",
        phone="023 6759 1949",
        tags=["2026 fair"],
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    kind: Kind = "company"
    name: Name
    class_: Class = Field(default="ordinary", alias="class")
    lifecycle: Lifecycle = Field(
        default="prospect", description="Where it begins; not `lost`, for which there is `lose` with its cause."
    )
    owner_id: UUID | None = None
    team_id: UUID | None = Field(default=None, description="The owner's team when not given.")
    tags: Tags = Field(default_factory=list)
    custom: Custom = Field(default_factory=dict)
    do_not_contact: bool = False

    @field_validator("registration_code")
    @classmethod
    def _checked(cls, code: str | None, info: ValidationInfo) -> str | None:
        address: Address | None = info.data.get("address")
        chinese = "address" in info.data and (address is None or address.country in {None, "CN"})
        if chinese and code is not None and (wrong := fault(code)):
            raise PydanticCustomError(INVALID, "{wrong}", {"wrong": wrong})
        return code


class CustomerUpdate(_Attributes):
    """What to change (JSON merge patch): fields not sent keep their value, null empties those that may be empty."""

    model_config = like(region="West", key_kind=None, note="Moved its headquarters.")

    kind: Kind = kept()
    name: Name = kept()
    class_: Class = kept(alias="class")
    owner_id: UUID | None = None
    team_id: UUID | None = None
    tags: Tags = kept()
    custom: Custom = kept()
    do_not_contact: bool = kept()


class CustomerMerge(Sent):
    """Which two are one. The winner keeps what it says; `choose` names the fields that the loser knows better."""

    model_config = like(
        winner_id="0199f7a2-6b1e-7c3a-9d53-2f1f0c7a8b10",
        loser_id="0199f7a2-6b1e-7c3a-9d53-2f1f0c7a8b11",
        choose={"phone": "loser"},
    )

    winner_id: UUID
    loser_id: UUID
    choose: dict[str, Literal["winner", "loser"]] = Field(
        default_factory=dict, max_length=100, description="Field by field, whose value stays."
    )


class PersonShown(Shown):
    """A user, as far as others need to know."""

    id: UUID
    name: str


class CustomerReference(Shown):
    """A customer, as far as a nested mention needs."""

    id: UUID
    name: str


class WarmthShown(Shown):
    """How warm the relationship is (热度): by calendar days since the last real contact, in the workspace's zone."""

    band: Band
    score: Annotated[int, Field(ge=0, le=100)]
    days: int | None
    last_contact_at: datetime | None


class RhythmShown(Shown):
    """Whether the customer hears from you as often as it wants: by `next_contact_due_on`, in the workspace's zone."""

    state: Rhythm = Field(description="`never`: no contact yet. `due`: today. `overdue`: the day has passed.")
    days_over: Annotated[int, Field(ge=1)] | None = Field(description="Days since that day passed.")


class LossShown(Shown):
    """Why a customer was lost (流失). `kind` and `is_voluntary` follow from the cause; null: nobody's will."""

    cause: LossCause
    kind: LossKind
    is_voluntary: bool | None
    evidence: str
    lost_at: datetime


class TrustShown(Shown):
    """How much the customer trusts us, as last judged (D5)."""

    score: float
    index: float
    rated_at: datetime


class MoneyShown(Shown):
    """An amount with two decimals, as text, and its currency."""

    amount: str
    currency: str


class CompletenessShown(Shown):
    """How complete the file is: the weight of its filled fields over that of all, and what is missing, in order."""

    score: Annotated[int, Field(ge=0, le=100)]
    missing: list[str]


class CustomerRead(Shown):
    """A customer."""

    id: UUID
    kind: Kind
    name: str
    registration_code: str | None
    type: Type | None
    intermediate_kind: IntermediateKind | None
    industry: str | None
    region: str | None
    size: Size | None
    purchasing_power: Power | None
    class_: Class = Field(alias="class")
    key_kind: KeyKind | None
    lifecycle: Lifecycle
    lifecycle_reason: str | None
    loss: LossShown | None
    relationship_stage: Stage
    stage_reason: str | None
    stage_evidence: str | None
    trust: TrustShown | None
    yearly_value: MoneyShown | None
    influence: int | None
    owner_id: UUID | None
    owner: PersonShown | None
    team_id: UUID | None
    parent_id: UUID | None
    parent: CustomerReference | None
    source: str | None
    phone: str | None
    email: str | None
    website: str | None
    address: Address | None
    tags: list[str]
    custom: dict[str, Any]
    note: str | None
    do_not_contact: bool
    warmth: WarmthShown
    next_contact_due_on: date | None
    rhythm: RhythmShown
    completeness: CompletenessShown
    verified_on: date | None = Field(description="When somebody last made sure that this is true.")
    verification_stale: bool = Field(description="Verified, or made, longer ago than the workspace wants.")
    archived_at: datetime | None
    erased_at: datetime | None = Field(description="When the personal data was erased; the record stays, emptied.")
    erased_because: ErasedBecause | None
    merged_into_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class TagShown(Shown):
    """A tag, and how many customers that you see carry it."""

    tag: str
    customers: Annotated[int, Field(ge=1)]


class TagsShown(Shown):
    """The tags in use, the most used first."""

    data: list[TagShown]


class CustomerFilter(CustomFilter):
    """Which customers, and in what order."""

    sort: Sort = Field(default="-created_at", description="With `q` and no sort, `relevance`: the best match first.")
    q: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Name, pinyin, initials, code, or the last digits of the phone."
    )
    kind: list[Kind] | None = None
    type: list[Type] | None = None
    intermediate_kind: list[IntermediateKind] | None = None
    class_: list[Class] | None = Field(default=None, alias="class")
    key_kind: list[KeyKind] | None = None
    lifecycle: list[Lifecycle] | None = None
    relationship_stage: list[Stage] | None = None
    industry: list[str] | None = None
    region: list[str] | None = None
    size: list[Size] | None = None
    purchasing_power: list[Power] | None = None
    source: list[str] | None = None
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    parent_id: list[UUID] | None = None
    tag: list[str] | None = Field(default=None, description="Has any of these tags.")
    warmth: list[Band] | None = None
    rhythm: list[Rhythm] | None = Field(default=None, description="Whether they hear from you often enough.")
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    updated_at_gte: Moment | None = None
    updated_at_lte: Moment | None = None
    last_contact_at_gte: Moment | None = None
    last_contact_at_lte: Moment | None = None
    next_contact_due_on_gte: date | None = None
    next_contact_due_on_lte: date | None = None
    verified_before: date | None = Field(default=None, description="Not verified since before this day, or never.")
    archived: bool = Field(default=False, description="The archived ones instead of the others.")

    @model_validator(mode="after")
    def _best_first(self) -> Self:
        """Whoever searches wants the best first, unless they say otherwise; without words there is no best."""
        if self.q is not None and "sort" not in self.model_fields_set:
            self.sort = RELEVANCE
            self.model_fields_set.discard("sort")
        elif self.q is None and self.sort == RELEVANCE:
            raise ValueError("Only a search (q) can be sorted by relevance.")
        return self
