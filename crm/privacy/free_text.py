"""What people wrote in their own words about somebody: not searched, but listed, so that a person can read it."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, any_, cast, exists, func, literal, or_, select, union_all
from sqlalchemy.dialects.postgresql import JSONB

from crm.database import statement
from crm.interactions.models import interactions
from crm.privacy.people import A_CONTACT, Person
from crm.privacy.traces import NAMES, PERSON, at_home
from crm.tasks.models import tasks
from crm.visits.models import visits

MOST = 1000

WORDS: tuple[tuple[str, Table, tuple[str, ...]], ...] = (
    ("interaction", interactions, ("note",)),
    (
        "visit",
        visits,
        ("subject", "result", "customer_feedback", "next_step", "reschedule_reason", "cancel_reason"),
    ),
    ("task", tasks, ("title", "note", "outcome", "cancel_reason")),
)
"""The fields of each noun in which people write freely."""


@statement
def left(person: Person) -> Select[Any]:
    """Each field with free text on a record about the person, and whether it names them; the naming ones first."""
    found = union_all(*(_field(person, *each) for each in _fields())).subquery("found")
    order = found.c.names_the_person.desc(), found.c.type, found.c.id, found.c.field
    return select(found).order_by(*order).limit(MOST)


def _fields() -> list[tuple[str, Table, str]]:
    return [(noun, table, field) for noun, table, fields in WORDS for field in fields]


def _field(person: Person, noun: str, table: Table, field: str) -> Select[Any]:
    text = cast(table.c[field], Text)
    if isinstance(table.c[field].type, JSONB):
        text = table.c[field]["title"].astext
    name = func.unnest(NAMES).table_valued("name", name="name").render_derived()
    named = exists().select_from(name).where(func.strpos(text, name.c.name) > 0)
    columns: list[ColumnElement[Any]] = [
        literal(noun, Text).label("type"),
        cast(table.c.id, Text).label("id"),
        literal(field, Text).label("field"),
        named.label("names_the_person"),
    ]
    return select(*columns).where(at_home(table), text.is_not(None), text != "", _about(person, table))


def _about(person: Person, table: Table) -> ColumnElement[bool]:
    c = table.c
    if table is tasks:
        about: ColumnElement[bool] = c.subject_id == PERSON
        return about if person is A_CONTACT else or_(about, c.customer_id == PERSON)
    if person is not A_CONTACT:
        return c.customer_id == PERSON
    if table is visits:
        return or_(any_(c.contact_ids) == PERSON, any_(c.met_contact_ids) == PERSON)
    return c.contact_id == PERSON
