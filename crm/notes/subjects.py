"""What hangs on something: a note or a file on a customer, a visit, a sale and so on. Who sees that sees it."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Exists,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    false,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import ActorKind, Sight
from crm.complaints.queries import COMPLAINT
from crm.contacts.queries import CONTACT
from crm.customers.errors import CustomerArchived
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import Problem, Unavailable, invalid
from crm.fields import Sent, Shown
from crm.notes.vocabulary import SubjectType
from crm.nouns import Noun, Visible
from crm.opportunities.errors import OpportunityArchived
from crm.opportunities.queries import OPPORTUNITY
from crm.visits.queries import VISIT

SUBJECTS: Mapping[SubjectType, Noun] = MappingProxyType(
    {"customer": CUSTOMER, "contact": CONTACT, "visit": VISIT, "opportunity": OPPORTUNITY, "complaint": COMPLAINT}
)

SEEN_BY_THEMSELVES: Mapping[Noun, str | None] = MappingProxyType(
    {VISIT: None, OPPORTUNITY: "opportunities:read", COMPLAINT: "complaints:read"}
)
"""Subjects not seen merely by seeing their customer, and the scope that what hangs on them asks for too."""


class SubjectSent(Sent):
    """What it is about: something you can see."""

    type: SubjectType
    id: UUID


class SubjectRead(Shown):
    """What it is about."""

    type: SubjectType
    id: UUID


def with_its_subject(table: Table) -> Visible:
    """The sight of what hangs on something: a contact is seen with its customer, a visit or a sale by itself.

    Asked for row by row, not as sets: a list cut at its limit looks at few rows.
    """

    @cache
    def visible(sight: Sight) -> ColumnElement[bool]:
        customer = exists().where(
            customers.c.workspace_id == table.c.workspace_id,
            customers.c.id == table.c.customer_id,
            CUSTOMER.visible(sight),
        )
        apart = [noun for noun in SEEN_BY_THEMSELVES if sight is not Sight.ALL or SEEN_BY_THEMSELVES[noun]]
        beside = table.c.subject_type.not_in([noun.name for noun in apart])
        with_it = beside if sight is Sight.ALL else beside & customer
        return or_(with_it, *(_on(table, noun, sight) for noun in apart))

    return visible


def _on(table: Table, about: Noun, sight: Sight) -> ColumnElement[bool]:
    """On something of this noun that is seen by itself, by somebody who may read such things at all."""
    t = about.table.c
    seen = exists().where(t.workspace_id == table.c.workspace_id, t.id == table.c.subject_id, about.visible(sight))
    return and_(table.c.subject_type == about.name, true() if sight is Sight.ALL else seen, _may_read(about))


def _may_read(about: Noun) -> ColumnElement[bool]:
    scope = SEEN_BY_THEMSELVES.get(about)
    if scope is None:
        return true()
    by_right = literal(scope, Text) == any_(bindparam("scopes", type_=ARRAY(Text)))
    return or_(by_right, bindparam("actor_kind", type_=Text) == ActorKind.SYSTEM)


def hung_on(about: Noun, sight: Sight) -> tuple[dict[str, ColumnElement[Any]], ColumnElement[bool]]:
    """For a new row: which subject and customer it names, and the condition that it may be hung there."""
    table = about.table
    customer_id = select(table.c[about.customer or "id"]).where(_seen(about, sight)).scalar_subquery()
    values = {"subject_type": literal(about.name, Text), "customer_id": customer_id}
    return values, exists().where(_seen(about, sight), ~_put_aside(about)) & ~_at_one_put_aside(about, sight)


async def why_not(access: Access, subject: SubjectSent) -> Problem:
    """Why nothing can be hung on this: it is not there for the actor, or it or its customer is archived."""
    about = SUBJECTS[subject.type]
    found = await access.row(_asked(about, access.actor.sight), new_subject_id=subject.id)
    if found is None:
        return invalid("subject/id", f"There is no such {about.name}.", "not_found")
    if found["at_one_put_aside"]:
        return CustomerArchived()
    return OpportunityArchived() if found["put_aside"] else Unavailable()


def _seen(about: Noun, sight: Sight) -> ColumnElement[bool]:
    table = about.table
    return and_(
        table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        table.c.id == bindparam("new_subject_id", type_=Uuid),
        about.visible(sight),
        _may_read(about),
    )


def _put_aside(about: Noun) -> ColumnElement[bool]:
    """A sale that was put aside is left as it was; people and visits go by their customer."""
    return about.table.c.archived_at.is_not(None) if about is OPPORTUNITY else false()


def _at_one_put_aside(about: Noun, sight: Sight) -> Exists:
    at = customers.alias("at")
    table = about.table
    named = select(table.c[about.customer or "id"]).where(_seen(about, sight)).scalar_subquery()
    home = at.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(home, at.c.id == named, at.c.archived_at.is_not(None))


@statement
def _asked(about: Noun, sight: Sight) -> Select[Any]:
    at_one = _at_one_put_aside(about, sight).label("at_one_put_aside")
    columns: list[ColumnElement[Any]] = [at_one, _put_aside(about).label("put_aside")]
    return select(*columns).where(_seen(about, sight)).select_from(about.table)
