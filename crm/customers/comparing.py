"""What crosses the boundary when customers are compared: what one asks with, and what one is shown."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator

from crm.customers.likeness import Reason, Strength
from crm.customers.schemas import PersonShown
from crm.customers.vocabulary import Kind
from crm.fields import Code, Email, Name, Phone, Sent, Shown, like


class DuplicateSearch(Sent):
    """What you know of a customer. At least a name, a registration code, a phone or an e-mail address."""

    model_config = like(name="重庆长安汽车", city="重庆", phone="023 6759 1949")

    kind: Kind = "company"
    name: Name | None = None
    registration_code: Code | None = None
    phone: Phone | None = None
    email: Email | None = None
    city: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.name or self.registration_code or self.phone or self.email):
            raise ValueError("Give a name, a registration code, a phone or an e-mail address.")
        return self


class DuplicateReason(Shown):
    """One thing in common, and how much it says: many share a switchboard, nobody a registration code."""

    reason: Reason
    strength: Strength


class DuplicateCustomer(Shown):
    """A customer that may be the same."""

    id: UUID
    kind: Kind
    name: str
    registration_code: str | None
    phone: str | None
    email: str | None
    city: str | None
    owner: PersonShown | None


class Duplicate(Shown):
    """Someone alike. `masked`: you may not see them; then only their team is named, so that you know whom to ask."""

    masked: bool
    strength: Strength
    reasons: list[DuplicateReason]
    team: str | None
    customer: DuplicateCustomer | None


class Duplicates(Shown):
    """Those alike: strong likenesses first, at most twenty."""

    data: Annotated[list[Duplicate], Field(max_length=20)]
