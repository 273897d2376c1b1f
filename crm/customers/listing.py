"""What a list of customers is asked for, and the tags that they carry."""

from datetime import date
from typing import Annotated, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from crm.customers.vocabulary import (
    Band,
    Class,
    IntermediateKind,
    KeyKind,
    Kind,
    Lifecycle,
    Power,
    Rhythm,
    Size,
    Stage,
    Type,
)
from crm.fields import Moment, Shown
from crm.paging import CustomFilter

Order = Literal[
    "created_at", "-created_at", "name", "-name",
    "last_contact_at", "-last_contact_at", "next_contact_due_on", "-next_contact_due_on",
    "verified_on", "-verified_on",
]  # fmt: skip
Sort = Literal[Order, "relevance"]

RELEVANCE: Final = "relevance"


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
