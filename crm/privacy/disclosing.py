"""Everything about a person in one document, and the fact that somebody took it out."""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal,
    null,
    or_,
    select,
)

from crm.actor import Sight
from crm.attachments.queries import ATTACHMENT
from crm.complaints.queries import HELD
from crm.consents.queries import CONSENT
from crm.contacts import taboos
from crm.contacts.models import contact_taboos, contacts
from crm.contacts.queries import CONTACT
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import NotFound
from crm.events.queries import EVENT
from crm.facts import events as facts
from crm.groups.links import LINK
from crm.interactions.queries import INTERACTION
from crm.key_customers.queries import KEY_PROPOSAL
from crm.notes.queries import NOTE
from crm.nouns import Noun, as_json, this_one
from crm.privacy import events, traces
from crm.privacy.errors import CompanyHasNoPersonalData
from crm.privacy.people import A_CUSTOMER
from crm.privacy.rows import HOMES, PERSONS
from crm.privacy_requests.queries import PRIVACY_REQUEST
from crm.recording import explain
from crm.sealing import Sealer
from crm.tables import at_home, utc
from crm.tasks.queries import TASK
from crm.trust.queries import TRUST_RATING
from crm.visits.queries import VISIT


async def personal_data(access: Access, sealer: Sealer, contact_id: UUID) -> bytes:
    """Everything about this contact. The fact that it was taken out is written before it is read.

    The text of their taboos is there for whoever has the right to read it, and that is a fact of its own; for others
    only whether there are any. Raises ``NotFound``.
    """
    if await access.value(_disclosed(CONTACT, access.actor.sight), id=contact_id, event_type=events.DISCLOSED) is None:
        raise NotFound
    text = None
    if "sensitive:read" in access.actor.scopes:
        text = orjson.loads((await taboos.get(access, sealer, contact_id)).body)["taboos"]
    document: str = await access.value(_everything(), id=contact_id, taboos=text)
    return document.encode()


async def personal_data_of_customer(access: Access, customer_id: UUID) -> bytes:
    """The same about a customer who is a person, with those that were merged with it: they are the same person.

    Raises ``NotFound``, ``CompanyHasNoPersonalData``.
    """
    told = await access.value(_disclosed(CUSTOMER, access.actor.sight), id=customer_id, event_type=events.DISCLOSED)
    if told is None:
        await explain(access, CUSTOMER, customer_id)
        raise CompanyHasNoPersonalData
    persons = [row[0] for row in await access.rows(traces.records(A_CUSTOMER), id=customer_id)]
    homes = [row[0] for row in await access.rows(traces.homes(A_CUSTOMER), persons=persons)]
    document: str = await access.value(_everything_of_customer(), id=customer_id, persons=persons, homes=homes)
    return document.encode()


@statement
def _disclosed(noun: Noun, sight: Sight) -> Insert:
    """The fact alone: nothing has changed, and who looked is all there is to tell."""
    is_contact = noun is CONTACT
    which = this_one(noun, sight) if is_contact else this_one(noun, sight) & A_CUSTOMER.erasable
    person = select(noun.table).where(which).cte("person")
    told = (
        select(
            func.uuidv7().label("id"),
            (person.c.id if is_contact else cast(null(), Uuid)).label("contact_id"),
            (person.c.customer_id if is_contact else person.c.id).label("customer_id"),
        )
        .select_from(person)
        .cte("told")
    )
    payload = func.json_build_object(
        "id", told.c.id, "contact_id", told.c.contact_id, "customer_id", told.c.customer_id,
        "created_at", utc(func.now()), "version", literal(1, BigInteger),
    )  # fmt: skip
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "type": bindparam("event_type", type_=Text),
        "subject_type": literal("disclosure", Text),
        "subject_id": told.c.id,
        "sequence": literal(1, BigInteger),
        "customer_id": told.c.customer_id,
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        "payload": payload,
    }
    return insert(facts).from_select(list(row), select(*row.values())).returning(facts.c.subject_id)


def _part(noun: Noun, order: str, *which: ColumnElement[bool]) -> ColumnElement[Any]:
    """Rows of a noun, each as the noun shows it."""
    rows = noun.table.select().where(at_home(noun.table), *which).subquery(noun.table.name)
    found = as_json(noun, rows, key=rows.c[order], row_id=rows.c.id).subquery("found")
    items = func.json_agg(found.c.item).aggregate_order_by(found.c.key, found.c.row_id)
    return select(func.coalesce(items, func.json_build_array())).scalar_subquery()


def _record(noun: Noun, person: ColumnElement[Any]) -> ColumnElement[Any]:
    table = noun.table
    mine = table.select().where(at_home(table), table.c.id == person).subquery(table.name)
    return as_json(noun, mine).scalar_subquery()


@statement
def _everything() -> Select[Any]:
    """One document, whatever stands in it: each part as its own noun shows it."""
    person = bindparam("id", type_=Uuid)
    here = select(contacts.c.customer_id).where(at_home(contacts), contacts.c.id == person).scalar_subquery()
    i, v, t, kept, c = INTERACTION.table.c, VISIT.table.c, TASK.table.c, contact_taboos.c, HELD.table.c
    met = person == any_(v.met_contact_ids)
    known = exists().where(at_home(contact_taboos), kept.id == person, kept.sealed.is_not(None))
    restricted = func.json_build_object("known", known, "text", bindparam("taboos", type_=Text))
    document = func.json_build_object(
        "contact", _record(CONTACT, person),
        "taboos", restricted,
        "consents", _part(CONSENT, "created_at", CONSENT.table.c.contact_id == person),
        "interactions", _part(INTERACTION, "occurred_at", i.customer_id == here, i.contact_id == person),
        "visits_planned", _part(VISIT, "planned_start", v.customer_id == here, person == any_(v.contact_ids), ~met),
        "visits_met", _part(VISIT, "planned_start", v.customer_id == here, met),
        "complaints", _part(HELD, "received_at", c.customer_id == here, c.contact_id == person),
        "tasks", _part(TASK, "due_at", t.subject_id == person),
        "notes", _part(NOTE, "created_at", NOTE.table.c.subject_id == person),
        "attachments", _part(ATTACHMENT, "created_at", ATTACHMENT.table.c.subject_id == person),
        "privacy_requests", _part(PRIVACY_REQUEST, "received_at", PRIVACY_REQUEST.table.c.contact_id == person),
        "events", _part(EVENT, "id", *_naming(facts, person)),
    )  # fmt: skip
    return select(cast(document, Text))


@statement
def _everything_of_customer() -> Select[Any]:
    """The same of a customer who is a person: all that hangs on them is about them."""

    def own(noun: Noun, order: str = "created_at", column: str = "customer_id") -> ColumnElement[Any]:
        return _part(noun, order, noun.table.c[column] == any_(PERSONS))

    person = bindparam("id", type_=Uuid)
    merged = (CUSTOMER.table.c.id == any_(PERSONS), CUSTOMER.table.c.id != person)
    ids = func.unnest(PERSONS).table_valued("id", name="one").render_derived()
    named = exists().select_from(ids).where(func.strpos(cast(facts.c.payload, Text), cast(ids.c.id, Text)) > 0)
    told = or_(facts.c.customer_id == any_(PERSONS), and_(facts.c.customer_id == any_(HOMES), named))
    document = func.json_build_object(
        "customer", _record(CUSTOMER, person),
        "merged", _part(CUSTOMER, "created_at", *merged),
        "links", own(LINK, column="person_id"),
        "interactions", own(INTERACTION, "occurred_at"),
        "visits", own(VISIT, "planned_start"),
        "complaints", own(HELD, "received_at"),
        "tasks", own(TASK, "due_at"),
        "notes", own(NOTE),
        "attachments", own(ATTACHMENT),
        "trust_ratings", own(TRUST_RATING),
        "key_proposals", own(KEY_PROPOSAL),
        "privacy_requests", own(PRIVACY_REQUEST, "received_at"),
        "events", _part(EVENT, "id", told),
    )  # fmt: skip
    return select(cast(document, Text))


def _naming(fact: FromClause, person: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """The facts that name a person. They stand under the customers where the person's own facts stand."""
    own = facts.alias("own")
    told = select(own.c.customer_id).where(at_home(own), own.c.subject_type == "contact", own.c.subject_id == person)
    now = select(contacts.c.customer_id).where(at_home(contacts), contacts.c.id == person)
    named = cast(person, Text)
    return (
        fact.c.customer_id.in_(told.union(now)),
        or_(
            func.strpos(cast(fact.c.payload, Text), named) > 0,
            func.strpos(func.coalesce(cast(fact.c.changes, Text), ""), named) > 0,
        ),
    )
