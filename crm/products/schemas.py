"""What crosses the boundary about products."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import Money, MoneyShown
from crm.fields import Name, Sent, Shown, Text, kept, like
from crm.paging import Filter

ProductCode = Annotated[str, Field(min_length=1, max_length=60)]
Aliases = Annotated[list[Name], Field(max_length=50)]


class ProductCreate(Sent):
    """What you sell."""

    model_config = like(name="GTX Pro", aliases=["GTXPro"], price={"amount": "4821.00", "currency": "USD"})

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    code: ProductCode | None = None
    family: Name | None = None
    aliases: Aliases = Field(default_factory=list, description="Other spellings that people and systems use of it.")
    price: Money | None = None
    note: Text | None = None


class ProductUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(price={"amount": "4999.00", "currency": "USD"})

    name: Name = kept()
    code: ProductCode | None = None
    family: Name | None = None
    aliases: Aliases = kept()
    price: Money | None = None
    note: Text | None = None


class ProductRead(Shown):
    """A product."""

    id: UUID
    name: str
    code: str | None
    family: str | None
    aliases: list[str]
    price: MoneyShown | None
    note: str | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class ProductFilter(Filter):
    """Which products, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "name"
    code: list[str] | None = None
    family: list[str] | None = None
    known_as: list[str] | None = Field(default=None, description="By name or by any other spelling.")
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
