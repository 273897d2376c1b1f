"""How a visit looks, and everything that reads visits."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    FromClause,
    Select,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSON

from crm import reading
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.database import Access
from crm.nouns import Answer, Noun, held_by, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.visits.models import visits
from crm.visits.schemas import VisitFilter
from crm.workspaces.models import users

EARTH_RADIUS_M = 6_371_008.8


def shape(visit: FromClause) -> Select[Any]:
    """A visit, once: the answer, the event, the export."""
    customer, owner = customers.alias("customer"), users.alias("owner")
    c = visit.c
    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.contact_ids,
        _people(visit, c.contact_ids).label("contacts"),
        c.owner_id,
        mention(owner).label("owner"),
        c.team_id,
        c.purpose,
        c.subject,
        c.state,
        utc(c.planned_start).label("planned_start"),
        utc(c.planned_end).label("planned_end"),
        c.reschedule_count,
        c.reschedule_reason,
        utc(c.started_at).label("started_at"),
        _checked(visit, "start").label("check_in"),
        utc(c.completed_at).label("completed_at"),
        _checked(visit, "completion").label("check_out"),
        c.met_contact_ids,
        _people(visit, c.met_contact_ids).label("met_contacts"),
        c.result,
        c.customer_feedback,
        c.own_needs_shared,
        c.next_step,
        c.cancel_reason,
        *stamps(visit),
    ).select_from(
        visit.join(customer, and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)).join(
            owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id)
        )
    )


def _people(visit: FromClause, ids: ColumnElement[Any]) -> ColumnElement[Any]:
    """The contacts with these ids, in their order."""
    wanted = func.unnest(ids).table_valued("id", with_ordinality="place", name="wanted").render_derived()
    contact = contacts.alias("contact")
    here = and_(contact.c.workspace_id == visit.c.workspace_id, contact.c.id == wanted.c.id)
    found = func.json_agg(mention(contact)).aggregate_order_by(wanted.c.place)
    return (
        select(func.coalesce(found, cast(literal_column("'[]'"), JSON)))
        .select_from(wanted.join(contact, here))
        .correlate(visit)
        .scalar_subquery()
    )


def _checked(visit: FromClause, at: str) -> ColumnElement[Any]:
    """What the device said at the start or the completion; null where it said nothing."""
    location, device_time = visit.c[f"{at}_location"], visit.c[f"{at}_device_time"]
    said = func.json_build_object(
        "location", location,
        "device_time", utc(device_time),
        "distance_m", visit.c[f"{at}_distance_m"],
        "out_of_range", visit.c[f"{at}_out_of_range"],
    )  # fmt: skip
    return case((or_(location.is_not(None), device_time.is_not(None)), said))


VISIT = Noun("visit", visits, shape, held_by(visits))

LIST = Listing(
    VISIT,
    sorts={"created_at": visits.c.created_at, "planned_start": visits.c.planned_start},
    filters={
        **among(visits, ["customer_id", "owner_id", "team_id", "state", "purpose"]),
        **between(visits, ["planned_start", "created_at"]),
    },
)


async def get(access: Access, visit_id: UUID) -> Answer:
    """One visit. Raises ``NotFound``."""
    return await reading.one(access, VISIT, visit_id)


async def page(access: Access, wanted: VisitFilter) -> bytes:
    """A page of visits."""
    return await reading.page(access, LIST, wanted)


def metres_to_customer(latitude: ColumnElement[float], longitude: ColumnElement[float]) -> ColumnElement[float]:
    """The way along the globe (haversine) to the address of the visit's customer; null where it has no position."""
    there_latitude = func.radians(cast(customers.c.address["latitude"].astext, Float))
    there_longitude = func.radians(cast(customers.c.address["longitude"].astext, Float))
    here_latitude, here_longitude = func.radians(latitude), func.radians(longitude)
    half = func.power(func.sin((there_latitude - here_latitude) / 2), 2) + func.cos(here_latitude) * func.cos(
        there_latitude
    ) * func.power(func.sin((there_longitude - here_longitude) / 2), 2)
    # Not least(), which takes the 1 where the other is null: whoever has no position would be across the globe.
    metres = 2 * EARTH_RADIUS_M * func.asin(case((half > 1, 1.0), else_=func.sqrt(half)))
    return (
        select(metres)
        .where(customers.c.workspace_id == visits.c.workspace_id, customers.c.id == visits.c.customer_id)
        .correlate(visits)
        .scalar_subquery()
    )
