"""What must not be said or done with somebody (忌讳, ``domain.md`` A047 and C3 16): read with the right only, each read
a fact.

The text stands sealed in a table of its own. It is part of no other answer, no fact, no list and no search.
"""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from crm.actor import Sight
from crm.contacts import events
from crm.contacts.errors import ContactArchived
from crm.contacts.models import contact_taboos, contacts
from crm.contacts.queries import CONTACT
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Access, statement
from crm.errors import NotFound, Stale, Unavailable
from crm.nouns import Answer, Noun, mention, this_one
from crm.recording import noted, record, recorded
from crm.sealing import Place, Sealer
from crm.tables import stamps, utc


def shape(taboos: FromClause) -> Select[Any]:
    """That there are taboos, and since when; never the text."""
    contact = contacts.alias("contact")
    c = taboos.c
    here = and_(contact.c.workspace_id == c.workspace_id, contact.c.id == c.id)
    return select(
        c.id.label("contact_id"),
        mention(contact).label("contact"),
        c.sealed.is_not(None).label("known"),
        *stamps(taboos),
    ).select_from(taboos.join(contact, here))


def _by_nobody(_sight: Sight) -> ColumnElement[bool]:
    """Nothing reaches taboos but by their contact, which has a sight of its own."""
    return false()


TABOOS = Noun("contact_taboos", contact_taboos, shape, _by_nobody, customer=None)


async def get(access: Access, sealer: Sealer, contact_id: UUID) -> Answer:
    """The taboos of a contact, after it was written down who reads them. Version 0 where none were ever kept.

    Raises ``NotFound``.
    """
    if await record(access, events.SENSITIVE_READ, _read(access.actor.sight), id=contact_id) is None:
        raise NotFound
    row = await access.row(_sealed(), id=contact_id)
    text = None
    if row is not None and row["sealed"] is not None:
        text = sealer.open(row["sealed"], _place(access, contact_id)).decode()
    version, updated_at = (0, None) if row is None else (row["version"], row["updated_at"])
    body = {"contact_id": contact_id, "taboos": text, "updated_at": updated_at, "version": version}
    return Answer(contact_id, version, orjson.dumps(body).decode())


async def put(access: Access, sealer: Sealer, contact_id: UUID, text: str | None) -> Answer:
    """Keep this text, or none, in place of what was known.

    Raises ``NotFound``, ``Stale``, ``ContactArchived``, ``CustomerArchived``.
    """
    sealed = None if text is None else sealer.seal(text.encode(), _place(access, contact_id))
    kept = await record(access, events.TABOOS_CHANGED, _keep(access.actor.sight), id=contact_id, sealed=sealed)
    return kept or await _refuse(access, contact_id)


async def _refuse(access: Access, contact_id: UUID) -> Answer:
    """Raise what held the change back."""
    row = await access.row(_standing(access.actor.sight), id=contact_id)
    if row is None:
        raise NotFound
    if problem := await out_of_reach(access, row["customer_id"]):
        raise problem
    if row["archived"]:
        raise ContactArchived
    if access.if_match is not None and access.if_match != row["version"]:
        raise Stale(current_version=row["version"])
    raise Unavailable


def _place(access: Access, contact_id: UUID) -> Place:
    return Place("contact_taboos", "sealed", access.actor.workspace_id, contact_id)


def _this() -> Any:
    """The taboos of the contact asked for."""
    t = contact_taboos.c
    return and_(t.workspace_id == bindparam("workspace_id", type_=Uuid), t.id == bindparam("id", type_=Uuid))


@statement
def _read(sight: Sight) -> Insert:
    return noted(CONTACT, sight)


@statement
def _sealed() -> Select[Any]:
    t = contact_taboos.c
    return select(t.sealed, t.version, utc(t.updated_at).label("updated_at")).where(_this())


@statement
def _keep(sight: Sight) -> Insert:
    t, sealed = contact_taboos.c, bindparam("sealed", type_=contact_taboos.c.sealed.type)
    expected = bindparam("if_match", type_=BigInteger)
    as_expected = or_(expected.is_(None), exists().where(_this(), t.version == expected))
    may = and_(contacts.c.archived_at.is_(None), in_reach(sight, contacts.c.customer_id), as_expected)
    new = select(contacts.c.workspace_id, contacts.c.id, sealed).where(this_one(CONTACT, sight), may)
    kept = insert(contact_taboos).from_select(["workspace_id", "id", "sealed"], new)
    again = kept.on_conflict_do_update(
        index_elements=["workspace_id", "id"],
        set_={"sealed": kept.excluded.sealed, "version": t.version + 1, "updated_at": func.now()},
        where=or_(expected.is_(None), t.version == expected),
    )
    return recorded(TABOOS, again)


@statement
def _standing(sight: Sight) -> Select[Any]:
    t = contact_taboos.c
    version = select(t.version).where(_this()).scalar_subquery()
    archived = contacts.c.archived_at.is_not(None).label("archived")
    return select(contacts.c.customer_id, archived, func.coalesce(version, 0).label("version")).where(
        this_one(CONTACT, sight)
    )
