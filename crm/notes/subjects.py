"""What hangs on something: a note or a file on a customer, a contact or a visit. Whoever sees that sees it."""

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
    bindparam,
    exists,
    literal,
    or_,
    select,
    true,
)

from crm.actor import Sight
from crm.contacts.queries import CONTACT
from crm.customers.errors import CustomerArchived
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import Problem, Unavailable, invalid
from crm.fields import Sent, Shown
from crm.notes.vocabulary import SubjectType
from crm.nouns import Noun, Visible
from crm.visits.models import visits
from crm.visits.queries import VISIT

SUBJECTS: Mapping[SubjectType, Noun] = MappingProxyType({"customer": CUSTOMER, "contact": CONTACT, "visit": VISIT})


class SubjectSent(Sent):
    """What it is about: something you can see."""

    type: SubjectType
    id: UUID


class SubjectRead(Shown):
    """What it is about."""

    type: SubjectType
    id: UUID


def with_its_subject(table: Table) -> Visible:
    """The sight of what hangs on something: a contact is seen with its customer, a visit by itself.

    Asked for row by row, not as sets: a list cut at its limit looks at few rows.
    """

    @cache
    def visible(sight: Sight) -> ColumnElement[bool]:
        if sight is Sight.ALL:
            return true()
        on_visit = table.c.subject_type == VISIT.name
        customer = exists().where(
            customers.c.workspace_id == table.c.workspace_id,
            customers.c.id == table.c.customer_id,
            CUSTOMER.visible(sight),
        )
        visit = exists().where(
            visits.c.workspace_id == table.c.workspace_id, visits.c.id == table.c.subject_id, VISIT.visible(sight)
        )
        return or_(and_(~on_visit, customer), and_(on_visit, visit))

    return visible


def hung_on(about: Noun, sight: Sight) -> tuple[dict[str, ColumnElement[Any]], ColumnElement[bool]]:
    """For a new row: which subject and customer it names, and the condition that it may be hung there."""
    table = about.table
    customer_id = select(table.c[about.customer or "id"]).where(_seen(about, sight)).scalar_subquery()
    values = {"subject_type": literal(about.name, Text), "customer_id": customer_id}
    return values, exists().where(_seen(about, sight)) & ~_is_archived(about, sight)


async def why_not(access: Access, subject: SubjectSent) -> Problem:
    """Why nothing can be hung on this: it is not there for the actor, or its customer is archived."""
    about = SUBJECTS[subject.type]
    archived = await access.value(_asked(about, access.actor.sight), new_subject_id=subject.id)
    if archived is None:
        return invalid("subject/id", f"There is no such {about.name}.", "not_found")
    return CustomerArchived() if archived else Unavailable()


def _seen(about: Noun, sight: Sight) -> ColumnElement[bool]:
    table = about.table
    return and_(
        table.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        table.c.id == bindparam("new_subject_id", type_=Uuid),
        about.visible(sight),
    )


def _is_archived(about: Noun, sight: Sight) -> Exists:
    at = customers.alias("at")
    table = about.table
    named = select(table.c[about.customer or "id"]).where(_seen(about, sight)).scalar_subquery()
    home = at.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(home, at.c.id == named, at.c.archived_at.is_not(None))


@statement
def _asked(about: Noun, sight: Sight) -> Select[Any]:
    return select(_is_archived(about, sight)).where(exists().where(_seen(about, sight)))
