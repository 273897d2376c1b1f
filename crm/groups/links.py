"""Links between companies and people: how one looks, who sees it, and everything that changes it.

The leaders of a group are also kept as customers of their own, so that caring for the one does not leave out the
other (``domain.md`` A039, C3 invariant 4).
"""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Uuid,
    and_,
    bindparam,
    func,
    or_,
    select,
    true,
)

from crm import reading
from crm.actor import Sight
from crm.customers.errors import CustomerArchived
from crm.customers.models import LINKS_KEEP_THEIR_KINDS, customers
from crm.customers.queries import CUSTOMER, in_reach, out_of_reach
from crm.database import Access, statement
from crm.errors import Conflict, NotFound, Unavailable, invalid
from crm.groups import events
from crm.groups.errors import AlreadyLinked, CompanyNeeded, LinkEnded
from crm.groups.models import ONE_LINK_PER_PERSON, customer_links
from crm.groups.schemas import LinkCreate, LinkFilter, LinkUpdate
from crm.nouns import Answer, Noun, mention, this_one
from crm.reading import Listing
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import stamps, utc

REFUSALS = {ONE_LINK_PER_PERSON: AlreadyLinked, LINKS_KEEP_THEIR_KINDS: CompanyNeeded}


def shape(link: FromClause) -> Select[Any]:
    """A link, once: the answer and the event."""
    organization, person = customers.alias("organization"), customers.alias("person")
    c = link.c
    return select(
        c.id,
        c.organization_id,
        mention(organization).label("organization"),
        c.person_id,
        mention(person).label("person"),
        c.position,
        c.is_top_leader,
        utc(c.ended_at).label("ended_at"),
        *stamps(link),
    ).select_from(
        link.join(
            organization,
            and_(organization.c.workspace_id == c.workspace_id, organization.c.id == c.organization_id),
        ).join(person, and_(person.c.workspace_id == c.workspace_id, person.c.id == c.person_id))
    )


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """Whoever sees the company sees its links."""
    if sight is Sight.ALL:
        return true()
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return customer_links.c.organization_id.in_(select(customers.c.id).where(at_home, CUSTOMER.visible(sight)))


LINK = Noun("customer_link", customer_links, shape, visible, customer="organization_id")

_OF = bindparam("customer_id", type_=Uuid)
LIST = Listing(
    LINK,
    sorts={"created_at": customer_links.c.created_at},
    filters={
        "customer_id": or_(customer_links.c.organization_id == _OF, customer_links.c.person_id == _OF),
        "is_top_leader": customer_links.c.is_top_leader == bindparam("is_top_leader", type_=Boolean),
        "ended": customer_links.c.ended_at.is_not(None) == bindparam("ended", type_=Boolean),
    },
)


async def page(access: Access, customer_id: UUID, wanted: LinkFilter) -> bytes:
    """A page of a customer's links, as the company or as the person. Raises ``NotFound``."""
    if await access.row(_standing(access.actor.sight), id=customer_id) is None:
        raise NotFound
    given = wanted.given() | {"customer_id": customer_id, "ended": wanted.ended}
    return await reading.page(access, LIST, wanted, given)


async def link(access: Access, customer_id: UUID, new: LinkCreate) -> Answer:
    """Link a person to a company.

    Raises ``NotFound``, ``CustomerArchived``, ``CompanyNeeded``, ``AlreadyLinked``; 422 for who is no person here.
    """
    values = new.model_dump(exclude_none=True) | {"organization_id": customer_id}
    insert = _link(access.actor.sight, frozenset(values))
    made = await record(access, events.LINKED, insert, refusals=REFUSALS, **renamed(values))
    return made or await _why_not(access, customer_id, new.person_id)


async def update(access: Access, customer_id: UUID, link_id: UUID, change: LinkUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``LinkEnded``, ``CustomerArchived``."""
    values = change.model_dump(exclude_unset=True)
    update_ = _update(access.actor.sight, frozenset(values))
    changed = await record(access, events.LINK_UPDATED, update_, id=link_id, customer_id=customer_id, **renamed(values))
    if changed:
        return changed
    if not await access.value(_is_theirs(), id=link_id, customer_id=customer_id):
        raise NotFound
    answer = await explain(access, LINK, link_id)
    if '"ended_at":null' not in answer.body:
        raise LinkEnded
    if isinstance(problem := await out_of_reach(access, customer_id), Conflict):
        raise problem
    return answer


async def unlink(access: Access, customer_id: UUID, link_id: UUID) -> Answer:
    """End a link; ending it twice is ending it once. Raises ``NotFound``, ``Stale``."""
    ended = await record(access, events.UNLINKED, _unlink(access.actor.sight), id=link_id, customer_id=customer_id)
    if ended is None and not await access.value(_is_theirs(), id=link_id, customer_id=customer_id):
        raise NotFound
    return ended or await explain(access, LINK, link_id)


async def _why_not(access: Access, customer_id: UUID, person_id: UUID) -> Answer:
    organization = await access.row(_standing(access.actor.sight), id=customer_id)
    if organization is None:
        raise NotFound
    if organization["archived"]:
        raise CustomerArchived
    if organization["kind"] != "company":
        raise CompanyNeeded
    person = await access.row(_standing(access.actor.sight), id=person_id)
    if person is None or person["archived"]:
        raise invalid("person_id", "There is no such customer.", "not_found")
    if person["kind"] != "person":
        raise invalid("person_id", "This customer is not a person.", "not_a_person")
    raise Unavailable


@statement
def _link(sight: Sight, columns: frozenset[str]) -> Insert:
    company, person = (
        in_reach(sight, bindparam(f"new_{name}", type_=Uuid), customers.c.kind == kind)
        for name, kind in (("organization_id", "company"), ("person_id", "person"))
    )
    return creating(LINK, columns, only_if=company & person)


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    theirs = customer_links.c.organization_id == bindparam("customer_id", type_=Uuid)
    company = in_reach(sight, customer_links.c.organization_id)
    return changing(LINK, sight, columns, theirs, customer_links.c.ended_at.is_(None), company)


@statement
def _unlink(sight: Sight) -> Insert:
    theirs = customer_links.c.organization_id == bindparam("customer_id", type_=Uuid)
    return changing(LINK, sight, (), theirs, customer_links.c.ended_at.is_(None), values={"ended_at": func.now()})


@statement
def _standing(sight: Sight) -> Select[Any]:
    archived = customers.c.archived_at.is_not(None).label("archived")
    return select(customers.c.kind, archived).where(this_one(CUSTOMER, sight))


@statement
def _is_theirs() -> Select[Any]:
    c = customer_links.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.id).where(at_home, c.id == bindparam("id", type_=Uuid), c.organization_id == _OF)
