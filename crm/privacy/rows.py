"""Which rows of a table say something of a person: those about them, those of theirs, and those of where they stand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Uuid, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.removals.vocabulary import Kind

Condition = ColumnElement[bool]

PERSONS = bindparam("persons", type_=ARRAY(Uuid))
"""The records of the person: a contact, or a customer with those that were merged into it."""

HOMES = bindparam("homes", type_=ARRAY(Uuid))
"""The customers where the person stands or stood, and those that these were merged with."""

NOTHING: Mapping[str, Any] = MappingProxyType({})


def hung(table: Table) -> Condition:
    """Rows whose subject is the person."""
    subject: Condition = table.c.subject_id == any_(PERSONS)
    return subject


def belonging(table: Table) -> Condition:
    """Rows of a customer who is the person."""
    own: Condition = table.c.customer_id == any_(PERSONS)
    return own


def under(table: Table) -> Condition:
    """Rows of the customers where the person stands."""
    there: Condition = table.c.customer_id == any_(HOMES)
    return there


def not_of_a_contact(table: Table) -> Condition:
    """Of a customer who is the person, but not about somebody beside them."""
    return or_(hung(table), belonging(table) & (table.c.subject_type != "contact"))


def ids(table: Table, *which: Condition) -> Select[Any]:
    """The ids of these rows of the workspace."""
    return select(table.c.id).where(table.c.workspace_id == bindparam("workspace_id", type_=Uuid), *which)


@dataclass(frozen=True, eq=False)
class Place:
    """A table, its columns with words, and which of its rows say something of a person.

    ``told_as`` is the noun under which facts tell of its rows, and ``told`` are members of those facts with words that
    are no columns. ``gone`` is what else is overwritten where a row is about the person alone, ``file`` the kind of
    file that goes with it, and ``stamp`` the column that keeps when. ``with_contact`` finds
    the rows in which a contact takes part, beside others.
    """

    table: Table
    texts: tuple[str, ...]
    near: Condition
    told_as: str | None = None
    of_contact: Condition | None = None
    of_customer: Condition | None = None
    with_contact: Condition | None = None
    told: tuple[str, ...] = ()
    file: Kind | None = None
    stamp: str | None = None
    gone: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
