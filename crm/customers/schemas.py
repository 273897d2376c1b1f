"""What crosses the boundary: a customer as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from crm.customers.derived import CompletenessShown, LossShown, RhythmShown, TrustShown, WarmthShown
from crm.customers.registration import INVALID, fault, normalized_code
from crm.customers.vocabulary import (
    Class,
    ErasedBecause,
    IntermediateKind,
    KeyKind,
    Kind,
    Lifecycle,
    Power,
    Size,
    Stage,
    Type,
)
from crm.fields import Email, Latitude, Line, Longitude, Name, Phone, Sent, Shown, Tags, Text, kept, like
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


class MoneyShown(Shown):
    """An amount with two decimals, as text, and its currency."""

    amount: str
    currency: str


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
