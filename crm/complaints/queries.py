"""How a complaint looks, and who sees which."""

from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm import reading
from crm.actor import Sight
from crm.complaints.listing import ComplaintFilter
from crm.complaints.models import complaints, due_key, sla_clocks
from crm.complaints.rules import OPEN
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.customers.parts import money
from crm.customers.queries import CUSTOMER
from crm.database import Access
from crm.nouns import Noun, mention
from crm.products.models import products
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(complaint: FromClause) -> Select[Any]:
    """A complaint, once: the answer, the event, the export. Nothing of it depends on who asks."""
    c = complaint.c
    customer, contact, product = customers.alias("customer"), contacts.alias("contact"), products.alias("product")
    people = {
        name: users.alias(name)
        for name in ("assignee", "responsible", "receiver", "proposer", "approver", "acknowledger")
    }
    held_in = {"receiver": "received_by", "proposer": "proposed_by", "approver": "approved_by"}
    held_in |= {"acknowledger": "acknowledged_by", "assignee": "assignee_id", "responsible": "responsible_id"}
    found = (
        complaint.outerjoin(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id))
        .outerjoin(contact, and_(contact.c.workspace_id == c.workspace_id, contact.c.id == c.contact_id))
        .outerjoin(product, and_(product.c.workspace_id == c.workspace_id, product.c.id == c.product_id))
    )
    for name, person in people.items():
        found = found.outerjoin(person, and_(person.c.workspace_id == c.workspace_id, person.c.id == c[held_in[name]]))
    return select(
        c.id,
        c.number,
        c.customer_id,
        mention(customer).label("customer"),
        c.contact_id,
        mention(contact).label("contact"),
        c.sender,
        c.channel,
        utc(c.received_at).label("received_at"),
        mention(people["receiver"]).label("received_by"),
        c.subject,
        c.description,
        c.category,
        c.severity,
        c.remedy_sought,
        c.remedy_note,
        c.state,
        c.resume_to,
        c.team_id,
        c.assignee_id,
        mention(people["assignee"]).label("assignee"),
        c.responsible_id,
        mention(people["responsible"]).label("responsible"),
        c.validity,
        c.cause_kind,
        c.root_cause,
        c.corrective_action,
        c.eight_d,
        c.solution,
        c.solution_answers_remedy,
        c.remedy_answer,
        mention(people["proposer"]).label("proposed_by"),
        utc(c.proposed_at).label("proposed_at"),
        mention(people["approver"]).label("approved_by"),
        utc(c.approved_at).label("approved_at"),
        money(c.cost, c.cost_currency).label("cost"),
        utc(c.acknowledged_at).label("acknowledged_at"),
        mention(people["acknowledger"]).label("acknowledged_by"),
        utc(c.assessed_at).label("assessed_at"),
        utc(c.informed_at).label("informed_at"),
        utc(c.replied_at).label("replied_at"),
        utc(c.communicated_at).label("communicated_at"),
        utc(c.implemented_at).label("implemented_at"),
        utc(c.resolved_at).label("resolved_at"),
        utc(c.closed_at).label("closed_at"),
        c.closed_because,
        c.close_attempts.label("return_visits"),
        c.rejection_reason,
        c.alternatives_told,
        c.withdrawn_reason,
        c.reopened_count,
        c.cycle,
        c.satisfaction,
        c.check_effect_on,
        c.effective,
        c.repeat_of_id,
        c.visit_id,
        c.opportunity_id,
        c.product_id,
        mention(product).label("product"),
        c.lot,
        utc(c.due_at).label("due_at"),
        _clocks(complaint).label("clocks"),
        c.tags,
        *stamps(complaint),
    ).select_from(found)


def _clocks(complaint: FromClause) -> ColumnElement[Any]:
    clock = sla_clocks.alias("clock")
    k = clock.c
    one = func.json_build_object(
        "kind", k.kind, "cycle", k.cycle, "turn", k.turn, "state", k.state, "started_at", utc(k.started_at),
        "due_at", utc(k.due_at),
        "stopped_at", utc(k.stopped_at), "paused_minutes", k.paused_minutes,
    )  # fmt: skip
    return (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(k.cycle, k.due_at, k.kind), text("'[]'::json")))
        .where(k.workspace_id == complaint.c.workspace_id, k.complaint_id == complaint.c.id)
        .scalar_subquery()
    )


def visible_in(complaint: FromClause, sight: Sight) -> ColumnElement[bool]:
    """Whoever sees the customer, looks into the complaint or took it; with a team's sight, what its team has.

    Whom it is about does not see it, unless they see everything.
    """
    if sight is Sight.ALL:
        return true()
    c, me = complaint.c, bindparam("actor_id", type_=Uuid)
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    of_customers_seen = c.customer_id.in_(select(customers.c.id).where(at_home, CUSTOMER.visible(sight)))
    may = [of_customers_seen, c.assignee_id == me, c.received_by == me]
    if sight is Sight.TEAM:
        may.append(c.team_id == any_(bindparam("team_ids", type_=ARRAY(Uuid))))
    return and_(or_(*may), c.responsible_id.is_distinct_from(me))


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """Who sees which, on the table itself."""
    return visible_in(complaints, sight)


COMPLAINT = Noun("complaint", complaints, shape, visible)


def _with_complainer(complaint: FromClause) -> Select[Any]:
    return shape(complaint).add_columns(complaint.c.complainer)


HELD = Noun("complaint", complaints, _with_complainer, visible)
"""With whoever complained, as they said: for the person who asks what is held about them."""

LIST = Listing(
    COMPLAINT,
    sorts={"created_at": complaints.c.created_at, "received_at": complaints.c.received_at, "due_at": due_key},
    filters={
        **among(
            complaints,
            [
                "state", "severity", "category", "sender", "channel", "validity", "cause_kind", "customer_id",
                "contact_id", "assignee_id", "responsible_id", "team_id", "product_id",
            ],
        ),
        **between(complaints, ["received_at", "due_at", "closed_at", "created_at"]),
        "open": complaints.c.state.in_(OPEN) == bindparam("open", type_=Boolean),
        "repeated": complaints.c.repeat_of_id.is_not(None) == bindparam("repeated", type_=Boolean),
        "reopened": (complaints.c.reopened_count > 0) == bindparam("reopened", type_=Boolean),
        "without_customer": complaints.c.customer_id.is_(None) == bindparam("without_customer", type_=Boolean),
        "tag": complaints.c.tags.overlap(bindparam("tag", type_=ARRAY(Text))),
        "q": or_(
            func.strpos(func.lower(complaints.c.subject), func.lower(bindparam("q", type_=Text))) > 0,
            complaints.c.number == bindparam("q", type_=Text),
        ),
    },
)  # fmt: skip


async def page(access: Access, wanted: ComplaintFilter) -> bytes:
    """A page of complaints."""
    return await reading.page(access, LIST, wanted)


def mentioned(complaint: FromClause) -> ColumnElement[Any]:
    """A complaint as others mention it."""
    c = complaint.c
    return func.jsonb_build_object(
        "id", c.id, "number", c.number, "state", c.state, "received_at", utc(c.received_at), type_=JSONB
    )
