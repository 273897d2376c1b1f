"""What crosses the boundary about fields that a workspace defines for itself."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from crm.fields import Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.workspaces.vocabulary import CustomNoun, CustomType


def _once(values: list[str]) -> list[str]:
    """Each value once, in the order given."""
    return list(dict.fromkeys(values))


Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
Options = Annotated[list[Name], Field(min_length=1, max_length=200), AfterValidator(_once)]


class CustomFieldCreate(Sent):
    """A field of your own. Its key and its type stay what they are."""

    model_config = like(
        noun="customer", key="price_list", label="Price list", label_zh="价目表", type="choice", options=["A", "B"]
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    noun: CustomNoun
    key: Key = Field(description="Its name in `custom`, and in filters: `custom.price_list`, `custom.staff_gte`.")
    label: Name
    label_zh: Name | None = None
    type: CustomType
    options: Options | None = Field(default=None, validate_default=True, description="Of a choice, and only there.")
    required: bool = Field(default=False, description="Asked of whoever creates a record, or changes its `custom`.")

    @field_validator("options")
    @classmethod
    def _of_a_choice(cls, options: list[str] | None, info: ValidationInfo) -> list[str] | None:
        if "type" in info.data and (info.data["type"] == "choice") != (options is not None):
            raise ValueError("A choice has options, and nothing else has.")
        return options


class CustomFieldUpdate(Sent):
    """What to change (JSON merge patch): fields not sent keep their value."""

    model_config = like(label="List of prices", required=True)

    label: Name = kept()
    label_zh: Name | None = None
    options: Options = kept()
    required: bool = kept()


class CustomFieldRead(Shown):
    """A field that the workspace has defined for itself."""

    id: UUID
    noun: CustomNoun
    key: str
    label: str
    label_zh: str | None
    type: CustomType
    options: list[str]
    required: bool
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class CustomFieldFilter(Filter):
    """Which fields, and in what order."""

    sort: Literal["created_at", "-created_at", "key", "-key"] = "key"
    noun: list[CustomNoun] | None = None
    type: list[CustomType] | None = None
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
