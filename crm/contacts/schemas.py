"""What crosses the boundary: a contact as it is sent, as it is shown, as it is asked for."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, ValidationInfo, field_validator

from crm.contacts.rules import last_day
from crm.contacts.vocabulary import Calendar, LegalBasis, Level, Role, Stance, Style
from crm.customers.schemas import Custom, CustomerReference
from crm.customers.vocabulary import ErasedBecause
from crm.fields import Email, Line, Moment, Name, Phone, Sent, Shown, Text, kept, like
from crm.paging import CustomFilter


def _once(values: list[str]) -> list[str]:
    """Each value once, in the order given."""
    return list(dict.fromkeys(values))


Phones = Annotated[list[Phone], Field(max_length=20), AfterValidator(_once)]
Emails = Annotated[list[Email], Field(max_length=20), AfterValidator(_once)]
WeChat = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Sort = Literal["created_at", "-created_at", "name", "-name", "next_birthday_on", "-next_birthday_on"]


class RoleHeld(Sent):
    """A part that somebody plays in a purchase, how much they can move there, and where they stand towards us."""

    role: Role
    influence: Annotated[int, Field(ge=1, le=5)] | None = Field(default=None, description="5 is the most.")
    stance: Stance | None = None


def _named(value: object) -> object:
    """A bare role is one of which nothing further is known."""
    return {"role": value} if isinstance(value, str) else value


def _each_once(roles: list[RoleHeld]) -> list[RoleHeld]:
    once = {held.role: held for held in reversed(roles)}
    if any(once[held.role] != held for held in roles):
        raise ValueError("A role is held once, with one influence and one stance.")
    return list(reversed(once.values()))


Roles = Annotated[
    list[Annotated[RoleHeld, BeforeValidator(_named, json_schema_input_type=Role | RoleHeld)]],
    Field(max_length=20),
    AfterValidator(_each_once),
]


class Birthday(Sent):
    """A birthday as people keep it: by the solar (公历) or the lunar (农历) calendar, with or without the year."""

    calendar: Calendar = "solar"
    year: Annotated[int, Field(ge=1850, le=2100)] | None = None
    month: Annotated[int, Field(ge=1, le=12)]
    leap: bool = Field(default=False, description="Born in a leap month (闰月); lunar only.")
    day: Annotated[int, Field(ge=1, le=31)]

    @field_validator("leap")
    @classmethod
    def _only_lunar(cls, leap: bool, info: ValidationInfo) -> bool:
        if leap and info.data.get("calendar") == "solar":
            raise ValueError("Only the lunar calendar has leap months.")
        return leap

    @field_validator("day")
    @classmethod
    def _exists(cls, day: int, info: ValidationInfo) -> int:
        known = info.data
        if {"calendar", "month", "year"} <= known.keys() and day > last_day(
            known["calendar"], known["month"], known["year"]
        ):
            raise ValueError("This month has no such day.")
        return day


class _Attributes(Sent):
    title: Name | None = None
    department: Name | None = None
    level: Level | None = Field(default=None, description="Where in the hierarchy: top, middle or base.")
    wechat: WeChat | None = None
    birthday: Birthday | None = Field(default=None, description="Always whole: what is not sent of it is not kept.")
    communication_style: Style | None = Field(
        default=None, description="How this person likes to talk; the answer brings the advice for it."
    )
    preferences: Text | None = None
    legal_basis: LegalBasis | None = Field(default=None, description="Why this person's data may be held (PIPL 13).")


class ContactCreate(_Attributes):
    """A new contact: a person at a customer."""

    model_config = like(
        customer_id="01a1fcb0-3a00-7000-8000-000000000001",
        name="曾国藩",
        title="Head of purchasing",
        level="top",
        phones=["138 1234 5678"],
        birthday={"calendar": "lunar", "month": 11, "day": 26},
        roles=[{"role": "decider", "influence": 5, "stance": "for"}, "buyer"],
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    customer_id: UUID
    name: Name
    phones: Phones = Field(default_factory=list)
    emails: Emails = Field(default_factory=list)
    roles: Roles = Field(default_factory=list, description="The parts this person plays in a purchase.")
    custom: Custom = Field(default_factory=dict)
    do_not_contact: bool = False


class ContactUpdate(_Attributes):
    """What to change (JSON merge patch): fields not sent keep their value, null empties those that may be empty."""

    model_config = like(title="Head of purchasing", level="top", department=None)

    name: Name = kept()
    phones: Phones = kept()
    emails: Emails = kept()
    roles: Roles = kept()
    custom: Custom = kept()
    do_not_contact: bool = kept()


class ContactLeave(Sent):
    """That somebody no longer works there."""

    model_config = like(on="2026-11-20", note="Moved to a competitor.")

    on: date | None = Field(default=None, description="The first day without them; today when left out.")
    note: Line | None = None


class RoleShown(Shown):
    """A part that somebody plays in a purchase."""

    role: Role
    influence: int | None
    stance: Stance | None


class BirthdayShown(Shown):
    """A birthday as people keep it."""

    calendar: Calendar
    year: int | None
    month: int
    leap: bool
    day: int


class Advice(Shown):
    """How to talk with somebody, in each language."""

    en: str
    zh_cn: str = Field(alias="zh-CN")


class StyleShown(Shown):
    """A communication style, and what it asks of whoever comes to visit."""

    code: Style
    advice: Advice


class ContactReference(Shown):
    """A contact, as far as a nested mention needs."""

    id: UUID
    name: str


class ContactRead(Shown):
    """A contact: a person at a customer. Whoever sees the customer sees the contact."""

    id: UUID
    customer_id: UUID
    customer: CustomerReference
    name: str
    title: str | None
    department: str | None
    level: Level | None
    phones: list[str]
    emails: list[str]
    wechat: str | None
    birthday: BirthdayShown | None
    next_birthday_on: date | None = Field(
        description="The day on which the birthday is kept next, today included, by the workspace's clock."
    )
    communication_style: StyleShown | None
    preferences: str | None
    roles: list[RoleShown]
    custom: dict[str, Any]
    do_not_contact: bool
    legal_basis: LegalBasis | None
    last_contact_at: datetime | None = Field(description="When this person last took part in a real contact.")
    left_on: date | None = Field(description="Since when they no longer work there.")
    left_note: str | None
    archived_at: datetime | None
    erased_at: datetime | None = Field(description="When the personal data was erased; the record stays, emptied.")
    erased_because: ErasedBecause | None
    created_at: datetime
    updated_at: datetime
    version: int


class ContactFilter(CustomFilter):
    """Which contacts, and in what order."""

    sort: Sort = "-created_at"
    q: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="Name, pinyin, initials, or the first or last digits of a phone."
    )
    customer_id: list[UUID] | None = None
    level: list[Level] | None = None
    communication_style: list[Style] | None = None
    role: list[Role] | None = Field(default=None, description="Plays any of these parts.")
    created_at_gte: Moment | None = None
    created_at_lte: Moment | None = None
    next_birthday_on_gte: date | None = None
    next_birthday_on_lte: date | None = None
    left: bool | None = Field(default=None, description="Only those who left the company, or only the others.")
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
