"""Everything about a person in one document, and the fact that somebody took it out."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
)

from crm.actor import Sight
from crm.consents.queries import CONSENT
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.database import Access, statement
from crm.errors import NotFound
from crm.events.queries import EVENT
from crm.facts import events as facts
from crm.interactions.queries import INTERACTION
from crm.nouns import Noun, as_json, this_one
from crm.privacy import events
from crm.privacy_requests.queries import PRIVACY_REQUEST
from crm.tables import utc
from crm.tasks.queries import TASK
from crm.visits.queries import VISIT


async def personal_data(access: Access, contact_id: UUID) -> bytes:
    """Everything about this person. The fact that it was taken out is written before it is read.

    Raises ``NotFound``.
    """
    if await access.value(_disclosed(access.actor.sight), id=contact_id, event_type=events.DISCLOSED) is None:
        raise NotFound
    document: str = await access.value(_everything(), id=contact_id)
    return document.encode()


@statement
def _disclosed(sight: Sight) -> Insert:
    """The fact alone: nothing has changed, and who looked is all there is to tell."""
    person = select(contacts).where(this_one(CONTACT, sight)).cte("person")
    told = select(func.uuidv7().label("id"), person.c.id.label("contact_id"), person.c.customer_id).cte("told")
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


@statement
def _everything() -> Select[Any]:
    """One document, whatever stands in it: each part as its own noun shows it."""
    person = bindparam("id", type_=Uuid)
    here = select(contacts.c.customer_id).where(_home(contacts), contacts.c.id == person).scalar_subquery()

    def part(noun: Noun, order: str, *which: ColumnElement[bool]) -> ColumnElement[Any]:
        rows = noun.table.select().where(_home(noun.table), *which).subquery(noun.table.name)
        found = as_json(noun, rows, key=rows.c[order], row_id=rows.c.id).subquery("found")
        items = func.json_agg(found.c.item).aggregate_order_by(found.c.key, found.c.row_id)
        return select(func.coalesce(items, func.json_build_array())).scalar_subquery()

    i, v, t = INTERACTION.table.c, VISIT.table.c, TASK.table.c
    met = person == any_(v.met_contact_ids)
    contact = as_json(CONTACT, contacts.select().where(_home(contacts), contacts.c.id == person).subquery("contacts"))
    document = func.json_build_object(
        "contact", contact.scalar_subquery(),
        "consents", part(CONSENT, "created_at", CONSENT.table.c.contact_id == person),
        "interactions", part(INTERACTION, "occurred_at", i.customer_id == here, i.contact_id == person),
        "visits_planned", part(VISIT, "planned_start", v.customer_id == here, person == any_(v.contact_ids), ~met),
        "visits_met", part(VISIT, "planned_start", v.customer_id == here, met),
        "tasks", part(TASK, "due_at", t.subject_id == person),
        "privacy_requests", part(PRIVACY_REQUEST, "received_at", PRIVACY_REQUEST.table.c.contact_id == person),
        "events", part(EVENT, "id", *_naming(facts, person)),
    )  # fmt: skip
    return select(cast(document, Text))


def _naming(fact: FromClause, person: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    """The facts that name a person. They stand under the customers where the person's own facts stand."""
    own = facts.alias("own")
    told = select(own.c.customer_id).where(_home(own), own.c.subject_type == "contact", own.c.subject_id == person)
    now = select(contacts.c.customer_id).where(_home(contacts), contacts.c.id == person)
    named = cast(person, Text)
    return (
        fact.c.customer_id.in_(told.union(now)),
        or_(
            func.strpos(cast(fact.c.payload, Text), named) > 0,
            func.strpos(func.coalesce(cast(fact.c.changes, Text), ""), named) > 0,
        ),
    )


def _home(table: FromClause) -> ColumnElement[bool]:
    at_home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home
