"""The one thing that can be done to the ledger: a line is added."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Uuid, and_, bindparam, exists, select

from crm.actor import Sight
from crm.consents import events
from crm.consents.queries import CONSENT
from crm.consents.schemas import ConsentCreate
from crm.contacts.errors import ContactErased
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import Answer
from crm.recording import creating, record, renamed


async def say(access: Access, contact_id: UUID, new: ConsentCreate) -> Answer:
    """Write down what a person said. It holds from now on, an archived person's word as well.

    Raises ``NotFound``, ``ContactErased``, ``AlreadyExists`` for an id that is taken.
    """
    values = {name: value for name, value in new.model_dump().items() if value is not None}
    values["contact_id"] = contact_id
    event = events.GIVEN if new.status == "given" else events.WITHDRAWN
    said = await record(access, event, _insert(access.actor.sight, frozenset(values)), **renamed(values))
    if said is None:
        raise ContactErased if await access.value(_is_there(access.actor.sight), **renamed(values)) else NotFound
    return said


@statement
def _insert(sight: Sight, columns: frozenset[str]) -> Insert:
    person = _person(sight)
    customer = select(contacts.c.customer_id).where(person).scalar_subquery()
    there = exists().where(person, contacts.c.erased_at.is_(None))
    return creating(CONSENT, columns, values={"customer_id": customer}, only_if=there)


@statement
def _is_there(sight: Sight) -> Select[Any]:
    return select(exists().where(_person(sight)))


def _person(sight: Sight) -> Any:
    at_home = contacts.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return and_(at_home, contacts.c.id == bindparam("new_contact_id", type_=Uuid), CONTACT.visible(sight))
