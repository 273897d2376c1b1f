"""What crosses the boundary beside the contact itself: its taboos, and who decides at its customer."""

from datetime import datetime
from uuid import UUID

from crm.contacts.schemas import ContactReference
from crm.contacts.vocabulary import Level, Role, Stance
from crm.customers.schemas import CustomerReference
from crm.customers.vocabulary import Band
from crm.fields import Sent, Shown, Text, like


class Taboos(Sent):
    """What must not be said or done with somebody; null where nothing is known any more."""

    model_config = like(taboos="从不谈论他的前任公司；不要送钟表。")

    taboos: Text | None


class TaboosRead(Shown):
    """What must not be said or done with somebody. Version 0 where nothing was ever kept."""

    contact_id: UUID
    taboos: str | None
    updated_at: datetime | None
    version: int


class TaboosKept(Shown):
    """That taboos are known of a contact, or not, and since when."""

    contact_id: UUID
    contact: ContactReference
    known: bool
    created_at: datetime
    updated_at: datetime
    version: int


class Stakeholder(Shown):
    """Somebody who holds a role."""

    id: UUID
    name: str
    title: str | None
    level: Level | None
    influence: int | None
    stance: Stance | None
    do_not_contact: bool
    band: Band
    last_contact_at: datetime | None


class StakeholderRole(Shown):
    """A role of the buying centre, with whoever holds it, the most influential first."""

    role: Role
    known: bool
    covered: bool
    holders: list[Stakeholder]


class StakeholdersRead(Shown):
    """The buying centre of a customer: all six roles, which are missing, and which are known but not spoken to."""

    customer: CustomerReference
    roles: list[StakeholderRole]
    missing: list[Role]
    uncovered: list[Role]
    contacts: int
    in_touch: list[ContactReference]
    single_thread_risk: bool
