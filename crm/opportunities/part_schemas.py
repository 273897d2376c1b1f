"""What crosses the boundary about the parts of an opportunity: items, people, checks."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, model_validator

from crm.contacts.schemas import ContactReference
from crm.fields import Name, Sent, Shown, like
from crm.opportunities.vocabulary import Role, Stance
from crm.workspaces.fields import Currency

Score = Literal[0, 1, 2]
Key = Annotated[str, Field(min_length=1, max_length=30)]


class ItemSent(Sent):
    """What is to be sold: a product, or anything by its name."""

    product_id: UUID | None = None
    name: Name | None = Field(default=None, description="The product's when not given.")
    quantity: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=4)] = Decimal(1)
    price: Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=2)] | None = Field(
        default=None, description="Of one; the product's, in the same currency, when not given."
    )
    discount: Annotated[Decimal, Field(ge=0, le=1, max_digits=5, decimal_places=4)] = Field(
        default=Decimal(0), description="A share of the price: 0.1 is 10 %."
    )

    @model_validator(mode="after")
    def _is_something(self) -> "ItemSent":
        if self.product_id is None and (self.name is None or self.price is None):
            raise ValueError("Without a product, an item needs a name and a price.")
        return self


class ItemsPut(Sent):
    """All items of an opportunity, in their order; their sum becomes its amount."""

    model_config = like(
        currency="CNY",
        items=[
            {"name": "Filling line", "quantity": "2", "price": "240000.00", "discount": "0.05"},
            {"name": "Installation", "price": "12000.00"},
        ],
    )

    currency: Currency
    items: Annotated[list[ItemSent], Field(max_length=200)]


class StakePut(Sent):
    """How much this person counts, and where they stand."""

    model_config = like(influence=5, stance="for")

    influence: Annotated[int, Field(ge=1, le=5)] | None = None
    stance: Stance | None = None


class StakeRead(Shown):
    """What a person is in this sale."""

    contact_id: UUID
    contact: ContactReference
    role: Role
    influence: int | None
    stance: Stance | None


class MissingRoles(Shown):
    """One of these roles is asked for by this stage, and nobody plays it."""

    stage: str
    roles: list[Role]


class OpportunityStakeholders(Shown):
    """Who plays which role, and which roles are missing for this stage and those to come."""

    data: list[StakeRead]
    missing: list[MissingRoles]


class ChecksPut(Sent):
    """What is known of each question: 0 not, 1 partly, 2 clear."""

    model_config = like(scores={"metrics": 2, "economic_buyer": 1})

    scores: Annotated[dict[Key, Score], Field(max_length=20)]
