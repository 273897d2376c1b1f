"""Everything that changes contacts. Nothing changes under a customer who is archived or out of sight."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, Select, Uuid, bindparam, func, select

from crm import clock
from crm.actor import Sight
from crm.contacts import events
from crm.contacts.birthdays import upcoming_birthday
from crm.contacts.errors import ContactArchived, ContactErased
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT, FINDING
from crm.contacts.schemas import ContactCreate, ContactUpdate
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Access, statement
from crm.errors import Unavailable
from crm.finding import indexed, indexed_anew, left_by
from crm.nouns import Answer, this_one
from crm.patching import amended, amendments, too_many, within_bounds
from crm.recording import changing, creating, explain, record, renamed
from crm.search import normalized
from crm.workspaces.custom_fields import settled


async def create(access: Access, new: ContactCreate) -> Answer:
    """Add a person at a customer.

    Raises 422 for a customer who is not there for the actor, ``CustomerArchived``, ``AlreadyExists`` for a taken id.
    """
    values = {name: value for name, value in new.model_dump().items() if value is not None}
    values |= _kept_beside(access, values)
    values["custom"] = await settled(access, "contact", values["custom"])
    created = await record(
        access,
        events.CREATED,
        _insert(access.actor.sight, frozenset(values)),
        **renamed(values),
        **left_by(FINDING, values),
    )
    if created is None:
        raise await out_of_reach(access, new.customer_id) or Unavailable()
    return created


async def update(access: Access, contact_id: UUID, change: ContactUpdate) -> Answer:
    """Change what was sent; fields of one's own take it in, key by key.

    Raises ``NotFound``, ``Stale``, ``ContactArchived``, ``CustomerArchived``.
    """
    values = change.model_dump(exclude_unset=True)
    if "custom" in values:
        await settled(access, "contact", values["custom"], partial(_custom_of, access, contact_id))
    merged = {name: values[name] for name in ("custom",) if name in values}
    if change.birthday is not None:
        values["birthday"] = change.birthday.model_dump()  # Whole: what was not sent of it has its default.
    if "roles" in values:
        values["roles"] = [one.model_dump() for one in change.roles]
    values |= _kept_beside(access, values)
    changed = await record(
        access,
        events.UPDATED,
        _update(access.actor.sight, frozenset(values.keys() - merged.keys()), frozenset(merged)),
        id=contact_id,
        **renamed(values),
        **amendments(merged),
        **left_by(FINDING, values),
    )
    if changed is not None:
        return changed
    answer = await as_it_is(access, contact_id, archived_is_fine=False)
    if merged and (problem := too_many("custom", orjson.loads(answer.body)["custom"], merged["custom"])):
        raise problem
    return answer


async def archive(access: Access, contact_id: UUID) -> Answer:
    """Put a contact aside; it can be restored. Archiving twice is archiving once."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=contact_id)
    return archived or await explain(access, CONTACT, contact_id)


async def restore(access: Access, contact_id: UUID) -> Answer:
    """Bring an archived contact back. Raises ``ContactErased``, ``CustomerArchived`` while its customer is archived."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), id=contact_id)
    return restored or await as_it_is(access, contact_id, archived_is_fine=True)


async def as_it_is(access: Access, contact_id: UUID, *, archived_is_fine: bool) -> Answer:
    """The contact, when a change had nothing to change; else the reason why it could not."""
    answer = await explain(access, CONTACT, contact_id)
    row = await access.row(_standing(access.actor.sight), id=contact_id)
    if row is not None:
        if problem := await out_of_reach(access, row["customer_id"]):
            raise problem
        if row["erased"] and archived_is_fine:
            raise ContactErased
        if row["archived"] and not archived_is_fine:
            raise ContactArchived
    return answer


def _kept_beside(access: Access, values: Mapping[str, Any]) -> dict[str, Any]:
    """What is worked out from these values and stands beside them: the key of the name, the next birthday."""
    kept: dict[str, Any] = {}
    if "name" in values:
        kept["name_key"] = normalized(values["name"])
    if "birthday" in values:
        kept["next_birthday_on"] = upcoming_birthday(values["birthday"], today=clock.today(access.actor.timezone))
    return kept


async def _custom_of(access: Access, contact_id: UUID) -> dict[str, Any]:
    return await access.value(_custom(access.actor.sight), id=contact_id) or {}


@statement
def _custom(sight: Sight) -> Select[Any]:
    return select(contacts.c.custom).where(this_one(CONTACT, sight))


@statement
def _insert(sight: Sight, columns: frozenset[str]) -> Insert:
    customer = bindparam("new_customer_id", type_=Uuid)
    return creating(CONTACT, columns, only_if=in_reach(sight, customer), also=partial(indexed, FINDING))


@statement
def _update(sight: Sight, columns: frozenset[str], merged: frozenset[str]) -> Insert:
    also = partial(indexed_anew, FINDING) if columns & FINDING.fields.keys() else None
    may = in_reach(sight, contacts.c.customer_id)
    bounds = [within_bounds(contacts.c.custom)] if merged else []
    new = amended(contacts, merged)
    return changing(CONTACT, sight, columns, contacts.c.archived_at.is_(None), may, *bounds, values=new, also=also)


@statement
def _archive(sight: Sight) -> Insert:
    return changing(CONTACT, sight, (), contacts.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    may = in_reach(sight, contacts.c.customer_id)
    return changing(
        CONTACT,
        sight,
        (),
        contacts.c.archived_at.is_not(None),
        contacts.c.erased_at.is_(None),
        may,
        values={"archived_at": None},
    )


@statement
def _standing(sight: Sight) -> Select[Any]:
    archived = contacts.c.archived_at.is_not(None).label("archived")
    erased = contacts.c.erased_at.is_not(None).label("erased")
    return select(contacts.c.customer_id, archived, erased).where(this_one(CONTACT, sight))
