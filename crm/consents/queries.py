"""How a line of the ledger looks, what holds now, and what a sender asks before it sends."""

from functools import cache
from typing import Any, get_args
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.consents.models import consents
from crm.consents.rules import Standing, Verdict, may_contact
from crm.consents.schemas import ConsentFilter
from crm.consents.vocabulary import Purpose
from crm.contacts import queries as contact_queries
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.customers.models import customers
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import Noun
from crm.reading import Listing, among
from crm.tables import utc

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)


def shape(consent: FromClause) -> Select[Any]:
    """A line of the ledger, once. Without a name: what is said of a person here outlives the person's data."""
    c = consent.c
    return select(
        c.id,
        c.contact_id,
        c.customer_id,
        c.purpose,
        c.status,
        c.channel,
        c.notice_version,
        c.separate,
        utc(c.created_at).label("created_at"),
        c.version,
    )


@cache
def _with_its_contact(sight: Sight) -> ColumnElement[bool]:
    if sight is Sight.ALL:
        return true()
    at_home = contacts.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return consents.c.contact_id.in_(select(contacts.c.id).where(at_home, CONTACT.visible(sight)))


CONSENT = Noun("consent", consents, shape, _with_its_contact)

LEDGER = Listing(
    CONSENT,
    sorts={"created_at": consents.c.created_at},
    filters=among(consents, ["contact_id", "purpose", "status"]),
)


async def page(access: Access, contact_id: UUID, wanted: ConsentFilter) -> bytes:
    """A page of what a person said. Raises ``NotFound`` where there is no such contact."""
    found = await reading.page(access, LEDGER, wanted, wanted.given() | {"contact_id": [contact_id]})
    if found.startswith(b'{"data":[]'):
        await contact_queries.get(access, contact_id)
    return found


async def state(access: Access, contact_id: UUID) -> bytes:
    """What a person agrees to now, purpose by purpose: one statement. Raises ``NotFound``."""
    rows = await _last_words(access, contact_id, access.actor.sight, list(PURPOSES))
    purposes = []
    for row in rows:
        allowed, because = may_contact(row["purpose"], _standing(row), row["status"])
        shown = {name: row[name] for name in ("status", "since", "channel", "notice_version", "separate")}
        purposes.append({"purpose": row["purpose"], **shown, "may_contact": allowed, "because": because})
    person = {
        "contact_id": contact_id,
        **{name: rows[0][name] for name in ("do_not_contact", "objected_elsewhere", "legal_basis")},
    }
    return orjson.dumps({**person, "purposes": purposes})


async def ask(access: Access, contact_id: UUID, purpose: Purpose) -> Verdict:
    """Whether an automated message may go to this person now. Every channel to the outside asks this as it sends.

    What was allowed when the message was planned does not count (``domain.md`` C3 rule 13). Reminders to our own
    staff do not ask: they go to nobody outside. Raises ``NotFound``.
    """
    (row,) = await _last_words(access, contact_id, Sight.ALL, [purpose])
    return may_contact(purpose, _standing(row), row["status"])


def _standing(row: Any) -> Standing:
    names = ("do_not_contact", "objected_elsewhere", "archived", "erased", "legal_basis")
    return Standing(**{name: row[name] for name in names})


async def _last_words(access: Access, contact_id: UUID, sight: Sight, purposes: list[Purpose]) -> list[Any]:
    rows: list[Any] = await access.rows(_now(sight), id=contact_id, purposes=purposes)
    if not rows:
        raise NotFound
    return rows


@statement
def _now(sight: Sight) -> Select[Any]:
    """The person with the last word on each of these purposes, in their order."""
    wanted = (
        func.unnest(bindparam("purposes", type_=ARRAY(Text)))
        .table_valued("purpose", with_ordinality="place", name="wanted")
        .render_derived()
    )
    c = consents.c
    last = (
        select(c.status, c.created_at, c.channel, c.notice_version, c.separate)
        .where(c.workspace_id == contacts.c.workspace_id, c.contact_id == contacts.c.id, c.purpose == wanted.c.purpose)
        .order_by(c.created_at.desc(), c.id.desc())
        .limit(1)
        .correlate(contacts, wanted)
        .lateral("last")
    )
    their = and_(customers.c.workspace_id == contacts.c.workspace_id, customers.c.id == contacts.c.customer_id)
    rows = contacts.join(customers, their).join(wanted, true()).outerjoin(last, true())
    return (
        select(
            wanted.c.purpose,
            last.c.status,
            utc(last.c.created_at).label("since"),
            last.c.channel,
            last.c.notice_version,
            last.c.separate,
            (contacts.c.do_not_contact | customers.c.do_not_contact).label("do_not_contact"),
            _objected_elsewhere().label("objected_elsewhere"),
            (contacts.c.archived_at.is_not(None) | customers.c.archived_at.is_not(None)).label("archived"),
            (contacts.c.erased_at.is_not(None) | customers.c.erased_at.is_not(None)).label("erased"),
            contacts.c.legal_basis,
        )
        .select_from(rows)
        .where(
            contacts.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            contacts.c.id == bindparam("id", type_=Uuid),
            CONTACT.visible(sight),
        )
        .order_by(wanted.c.place)
    )


def _objected_elsewhere() -> ColumnElement[bool]:
    """Who wishes no contact, in another file, has a phone or an e-mail of this person: few wish it, and are looked at.

    A file each at two customers is two contacts; whether they are one person nobody knows, but their address is one.
    """
    other, person = contacts.alias("objecting"), customers.alias("objecting_customer")
    theirs = func.unnest(other.c.emails).column_valued("theirs")
    mine = func.unnest(contacts.c.emails).column_valued("mine")
    again = func.unnest(contacts.c.emails).column_valued("mine_again")
    as_contact = exists().where(
        other.c.workspace_id == contacts.c.workspace_id,
        other.c.do_not_contact,
        other.c.id != contacts.c.id,
        other.c.phones.overlap(contacts.c.phones) | exists().where(func.lower(theirs) == func.lower(mine)),
    )
    as_customer = exists().where(
        person.c.workspace_id == contacts.c.workspace_id,
        person.c.do_not_contact,
        person.c.id != contacts.c.customer_id,
        person.c.kind == "person",
        (person.c.phone == any_(contacts.c.phones)) | exists().where(func.lower(again) == func.lower(person.c.email)),
    )
    return or_(as_contact, as_customer)
