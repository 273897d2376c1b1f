"""What people wrote in their own words: emptied where it is about the person alone, without their names elsewhere.

What is left of the latter is listed, so that somebody can read it: a sentence may tell who is meant without a name.
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    Text,
    Update,
    all_,
    case,
    cast,
    false,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, array

from crm.database import statement
from crm.privacy.people import A_CONTACT, Person
from crm.privacy.places import PLACES
from crm.privacy.rows import PERSONS, Place
from crm.privacy.traces import CALLED, PATTERN
from crm.tables import at_home

MOST = 1000


def alone(place: Place, person: Person) -> ColumnElement[bool] | None:
    """The rows of a place that are about the person alone."""
    return place.of_contact if person is A_CONTACT else place.of_customer


@statement
def about(person: Person) -> CompoundSelect[Any]:
    """The ids of all rows that are about the person alone."""
    found = [(place.table, alone(place, person)) for place in PLACES]
    return union_all(*(select(t.c.id).where(at_home(t), which) for t, which in found if which is not None))


@statement
def emptied(place: Place, person: Person) -> Update:
    """The rows about the person alone say nothing any more."""
    c = place.table.c
    values: dict[str, Any] = {name: _hushed(c[name]) for name in place.texts} | dict(place.gone)
    said = [c[name].is_distinct_from(new) for name, new in values.items()]
    if place.stamp is not None:
        values[place.stamp] = func.now()
        said.append(c[place.stamp].is_(None))
    return _changed(place, values, _which(alone(place, person)), or_(*said))


@statement
def unnamed(place: Place) -> Update:
    """The rows in which the person may be spoken of say it without their names."""
    c = place.table.c
    values = {name: func.unnamed(c[name], PATTERN, CALLED, type_=c[name].type) for name in place.texts}
    return _changed(place, values, place.near, or_(*(_names(c[name]) for name in place.texts)))


@statement
def left(person: Person) -> Select[Any]:
    """Each field with words, on a record in which the person takes part or is named; the naming ones first."""
    fields = ((place, name) for place in PLACES if place.told_as for name in place.texts)
    found = union_all(*(_field(place, name, person) for place, name in fields)).subquery("found")
    order = found.c.names_the_person.desc(), found.c.type, found.c.id, found.c.field
    return select(found).order_by(*order).limit(MOST)


def _changed(place: Place, values: dict[str, Any], *where: ColumnElement[bool]) -> Update:
    # No fact: that the person was erased is the fact. A new version, so that no cache shows the old words.
    c = place.table.c
    stamps = {"version": c.version + 1, "updated_at": func.now()}
    return update(place.table).where(at_home(place.table), *where).values(values | stamps).returning(c.id)


def _hushed(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Something where something was said: a row that must say something stays whole."""
    if isinstance(text.type, JSONB):
        return func.hushed(text, CALLED, type_=text.type)
    if isinstance(text.type, ARRAY):
        return case((func.cardinality(text) > 0, array([CALLED])), else_=text)
    return case((text.is_not(None), CALLED), else_=null())


def _names(text: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.coalesce(cast(text, Text).op("~*")(PATTERN), false())


def _field(place: Place, name: str, person: Person) -> Select[Any]:
    text = place.table.c[name]
    named = _names(text)
    their = _which(place.with_contact if person is A_CONTACT else None)
    columns: list[ColumnElement[Any]] = [
        literal(place.told_as, Text).label("type"),
        cast(place.table.c.id, Text).label("id"),
        literal(name, Text).label("field"),
        named.label("names_the_person"),
    ]
    mine = _which(alone(place, person))
    own = place.table is person.noun.table
    not_theirs = place.table.c.id != all_(PERSONS) if own else ~mine
    written = text.is_not(None) & (cast(text, Text) != "")
    return select(*columns).where(at_home(place.table), place.near, written, not_theirs, or_(named, their))


def _which(rows: ColumnElement[bool] | None) -> ColumnElement[bool]:
    return false() if rows is None else rows
