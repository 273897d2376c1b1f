"""How a customer looks, and everything that reads customers."""

from functools import cache
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Date,
    FromClause,
    Select,
    Table,
    Text,
    Uuid,
    and_,
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
from crm.customers import searching
from crm.customers.errors import CustomerArchived, CustomerMerged
from crm.customers.likeness import email_key, name_key
from crm.customers.listing import RELEVANCE, CustomerFilter
from crm.customers.models import (
    customer_found_by,
    customer_tokens,
    customers,
    last_contact_key,
    next_contact_key,
    verified_key,
)
from crm.customers.parts import loss, money, trust
from crm.customers.quality import completeness_of, is_stale
from crm.customers.rhythm import in_rhythm, rhythm
from crm.customers.vocabulary import Band
from crm.customers.warmth import days_since, in_band, warmth
from crm.database import Access, statement
from crm.days import local_date, today
from crm.errors import Problem, invalid
from crm.finding import Finding, asked, words
from crm.nouns import Answer, Noun, Visible, held_by, mention, this_one
from crm.reading import Listing, among, between
from crm.search import tokens_of_code, tokens_of_name, tokens_of_phone, tokens_of_spelling
from crm.tables import stamps, utc
from crm.workspaces.custom_filters import custom_filters, custom_forks, custom_values
from crm.workspaces.models import users

FINDING = Finding(
    customers,
    customer_tokens,
    customer_found_by,
    {
        "name": lambda name: tokens_of_name(name) | name_key(name) | tokens_of_spelling(name),
        "phone": tokens_of_phone,
        "registration_code": tokens_of_code,
        "email": email_key,
    },
)
"""The fields a customer is found by, and what each leaves in the index."""


def shape(customer: FromClause) -> Select[Any]:
    """A customer, once: the answer, the event, the export."""
    owner = users.alias("owner")
    parent = customers.alias("parent")
    wait = days_since(customer)
    c = customer.c
    return select(
        c.id,
        c.kind,
        c.name,
        c.registration_code,
        c.type,
        c.intermediate_kind,
        c.industry,
        c.region,
        c.size,
        c.purchasing_power,
        c["class"],
        c.key_kind,
        c.lifecycle,
        c.lifecycle_reason,
        loss(customer).label("loss"),
        c.relationship_stage,
        c.stage_reason,
        c.stage_evidence,
        trust(customer).label("trust"),
        money(c.yearly_value, c.yearly_value_currency).label("yearly_value"),
        c.influence,
        c.owner_id,
        mention(owner).label("owner"),
        c.team_id,
        c.parent_id,
        mention(parent).label("parent"),
        c.source,
        c.phone,
        c.email,
        c.website,
        c.address,
        c.tags,
        c.custom,
        c.note,
        c.do_not_contact,
        warmth(wait.c.days, c.last_contact_at).label("warmth"),
        c.next_contact_due_on,
        rhythm(customer, today()).label("rhythm"),
        completeness_of(customer).label("completeness"),
        c.verified_on,
        _stale(c).label("verification_stale"),
        utc(c.archived_at).label("archived_at"),
        utc(c.erased_at).label("erased_at"),
        c.erased_because,
        c.merged_into_id,
        *stamps(customer),
    ).select_from(
        customer.outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
        .outerjoin(parent, and_(parent.c.workspace_id == c.workspace_id, parent.c.id == c.parent_id))
        .join(wait, true())
    )


CUSTOMER = Noun("customer", customers, shape, held_by(customers), customer="id")


def with_its_customer(table: Table) -> Visible:
    """The sight of what belongs to a customer: whoever sees the customer sees it."""

    @cache
    def visible(sight: Sight) -> ColumnElement[bool]:
        if sight is Sight.ALL:
            return true()
        at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        return table.c.customer_id.in_(select(customers.c.id).where(at_home, CUSTOMER.visible(sight)))

    return visible


def in_reach(sight: Sight, customer_id: ColumnElement[Any], *further: ColumnElement[bool]) -> ColumnElement[bool]:
    """This is a customer whom the actor sees and who is not archived: something new may be recorded there.

    ``further`` are more conditions on that customer.
    """
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(
        at_home, customers.c.id == customer_id, customers.c.archived_at.is_(None), CUSTOMER.visible(sight), *further
    )


async def out_of_reach(access: Access, customer_id: UUID) -> Problem | None:
    """Why nothing new can be recorded under this customer: archived, or not there for the actor; None if it can."""
    row = await access.row(_standing(access.actor.sight), id=customer_id)
    if row is None:
        return invalid("customer_id", "There is no such customer.", "not_found")
    if row["merged_into_id"] is not None:
        return CustomerMerged(merged_into_id=str(row["merged_into_id"]))
    return CustomerArchived() if row["archived"] else None


@statement
def _standing(sight: Sight) -> Select[Any]:
    archived = customers.c.archived_at.is_not(None).label("archived")
    return select(archived, customers.c.merged_into_id).where(this_one(CUSTOMER, sight))


def _stale(c: Any) -> ColumnElement[bool]:
    """Nobody has made sure for long that the file is true."""
    return is_stale(func.coalesce(c.verified_on, local_date(c.created_at)), today())


LIST = Listing(
    CUSTOMER,
    sorts={
        "created_at": customers.c.created_at,
        "name": customers.c.name_key,
        "last_contact_at": last_contact_key,
        "next_contact_due_on": next_contact_key,
        "verified_on": verified_key,
    },
    filters={
        **among(
            customers,
            ["kind", "type", "class", "key_kind", "lifecycle", "relationship_stage", "industry", "region", "size"],
        ),
        **among(customers, ["intermediate_kind", "purchasing_power", "source", "owner_id", "team_id", "parent_id"]),
        **between(customers, ["created_at", "updated_at", "last_contact_at", "next_contact_due_on"]),
        **words(FINDING),
        **custom_filters(customers),
        "verified_before": verified_key < bindparam("verified_before", type_=Date),
        "tag": customers.c.tags.overlap(bindparam("tag", type_=ARRAY(Text))),
        "warmth": or_(*(in_band(band) for band in get_args(Band))),
        "rhythm": in_rhythm(today()),
        # A merged customer is no customer of its own any more: it is read by its id only.
        "archived": and_(
            customers.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
            customers.c.merged_into_id.is_(None),
        ),
    },
    forks=custom_forks(customers, "customer"),
)


SEARCH = Listing(
    CUSTOMER,
    sorts={"relevance": searching.relevance(customers)},
    filters={name: where for name, where in LIST.filters.items() if name not in words(FINDING)}
    | searching.filters(FINDING),
)
"""The same, best first: among so many candidates."""


async def get(access: Access, customer_id: UUID) -> Answer:
    """One customer. Raises ``NotFound``."""
    return await reading.one(access, CUSTOMER, customer_id)


async def page(access: Access, wanted: CustomerFilter) -> bytes:
    """A page of customers, without the archived ones unless they are asked for; a search gives the best first."""
    given = wanted.given() | {"archived": wanted.archived}
    values, names = await custom_values(access, "customer", wanted.custom())
    if wanted.sort == RELEVANCE:
        return await searching.page(access, SEARCH, wanted, given, values, names)
    given, present = asked(given)
    return await reading.page(access, LIST, wanted, given | values, present | names)
