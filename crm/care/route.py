"""The way through a person's day: planned visits in order, and the customers nearby who are due (A128, B1).

One statement finds both. Only the person's own customers are looked at, which an index on the owner gives; a box around
each stop is compared before the way along the globe is worked out. No map is asked: ways are as the crow flies.
"""

from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSON, array

from crm.actor import Sight
from crm.care.call_list import whose
from crm.care.calls import DAY
from crm.care.day import OF_USER, next_working_day, visits_of_day
from crm.care.day_schemas import RouteQuery
from crm.care.ways import EARTH_RADIUS_M, Place, length, metres, short_way
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Access, statement
from crm.errors import invalid
from crm.tables import at_home, utc

METRES_PER_DEGREE = 111_320
"""Of latitude, at least; a box of so many degrees holds the circle."""


async def read(access: Access, wanted: RouteQuery) -> bytes:
    """The way through one day. Raises 422 for a start that is no place."""
    user_id = await whose(access, wanted.user_id)
    day = wanted.date or await next_working_day(access, user_id)
    start = _place(wanted.start)
    found: str = await access.value(
        _route(access.actor.sight),
        day=day,
        of_user=user_id,
        start_latitude=None if start is None else start[0],
        start_longitude=None if start is None else start[1],
        radius=wanted.radius_km * 1000,
        most=wanted.most,
    )
    return orjson.dumps({"user_id": str(user_id), "date": day, **_ordered(orjson.loads(found), start)})


def _place(text: str | None) -> Place | None:
    if text is None:
        return None
    latitude, longitude = (float(part) for part in text.split(","))
    if abs(latitude) > 90 or abs(longitude) > 180:
        raise invalid("query:start", "Latitude up to 90 and longitude up to 180 degrees.", "out_of_range")
    return latitude, longitude


def _ordered(found: dict[str, Any], start: Place | None) -> dict[str, Any]:
    """What was found, with the ways between."""
    at = start
    for stop in found["stops"]:
        here = _at(stop["position"])
        stop["metres_from_previous"] = None if here is None or at is None else round(metres(at, here))
        at = here or at
    places = [_at(one["position"]) or (0.0, 0.0) for one in found["suggestions"]]
    begin = start or next((_at(stop["position"]) for stop in found["stops"] if stop["position"]), None)
    order = short_way(begin, places)
    for place, index in enumerate(order, start=1):
        found["suggestions"][index]["place"] = place
    found["suggested_metres"] = round(length(begin, [places[index] for index in order]))
    return found


def _at(position: dict[str, float] | None) -> Place | None:
    return None if position is None else (position["latitude"], position["longitude"])


def _coordinate(name: str) -> ColumnElement[Any]:
    return cast(customers.c.address[name].astext, Double)


def _metres(latitude: Any, longitude: Any, to_latitude: Any, to_longitude: Any) -> ColumnElement[Any]:
    here, there = func.radians(latitude), func.radians(to_latitude)
    half = func.power(func.sin((there - here) / 2), 2) + func.cos(here) * func.cos(there) * func.power(
        func.sin(func.radians(to_longitude - longitude) / 2), 2
    )
    return 2 * EARTH_RADIUS_M * func.asin(func.least(1.0, func.sqrt(half)))


def _position(latitude: Any, longitude: Any) -> ColumnElement[Any]:
    known = and_(latitude.is_not(None), longitude.is_not(None))
    return case((known, func.json_build_object("latitude", latitude, "longitude", longitude)))


@statement
def _route(sight: Sight) -> Select[Any]:
    c = customers.c
    visit = visits_of_day(sight)
    stop = (
        select(
            visit.c.id, visit.c.customer_id, c.name, visit.c.planned_start,
            _coordinate("latitude").label("latitude"), _coordinate("longitude").label("longitude"),
        )
        .join_from(visit, customers, and_(at_home(customers), c.id == visit.c.customer_id))
        .cte("stops")
    )  # fmt: skip
    start = select(
        bindparam("start_latitude", type_=Double).label("latitude"),
        bindparam("start_longitude", type_=Double).label("longitude"),
    ).subquery("start")
    known = union_all(
        select(stop.c.latitude, stop.c.longitude).where(stop.c.latitude.is_not(None), stop.c.longitude.is_not(None)),
        select(start.c.latitude, start.c.longitude).where(start.c.latitude.is_not(None)),
    ).cte("known_places")
    due = (
        select(
            c.id, c.name, c.next_contact_due_on.label("due_on"), (DAY - c.next_contact_due_on).label("days_over"),
            or_(c.key_kind.is_not(None), c["class"] == "key").label("is_key"),
            band_of(c.last_contact_at).label("band"),
            _coordinate("latitude").label("latitude"), _coordinate("longitude").label("longitude"),
        )
        .where(
            at_home(customers), c.owner_id == OF_USER, c.archived_at.is_(None), ~c.do_not_contact,
            c.next_contact_due_on <= DAY, CUSTOMER.visible(sight), c.id.not_in(select(visit.c.customer_id)),
        )
        .cte("due_customers")
    )  # fmt: skip
    near = _nearest(due, known)
    picked = (
        select(due, near.c.metres)
        .select_from(due.join(near, true()))
        .where(near.c.metres <= bindparam("radius", type_=Double))
        .order_by(near.c.metres, due.c.id)
        .limit(bindparam("most", type_=Integer))
        .subquery("picked")
    )
    told_stop = func.json_build_object(
        "visit_id", stop.c.id,
        "customer", func.json_build_object("id", stop.c.customer_id, "name", stop.c.name),
        "planned_start", utc(stop.c.planned_start),
        "position", _position(stop.c.latitude, stop.c.longitude),
    )  # fmt: skip
    p = picked.c
    reasons = func.array_remove(
        array(
            [
                case((p.days_over > 0, literal("overdue", Text)), else_=literal("due", Text)),
                case((p.is_key, literal("key", Text))),
                case((p.band.in_(("cooling", "cold", "never")), p.band)),
            ]
        ),
        cast(null(), Text),
    )
    told_due = func.json_build_object(
        "customer", func.json_build_object("id", p.id, "name", p.name),
        "position", _position(p.latitude, p.longitude),
        "metres_away", cast(func.round(p.metres), Integer),
        "due_on", p.due_on, "days_over", p.days_over, "reasons", reasons, "warmth_band", p.band,
    )  # fmt: skip
    nowhere = or_(due.c.latitude.is_(None), due.c.longitude.is_(None))
    unknown = or_(stop.c.latitude.is_(None), stop.c.longitude.is_(None))
    whole = func.json_build_object(
        "stops", _list(told_stop, stop.c.planned_start, stop.c.id),
        "suggestions", _list(told_due, p.metres, p.id),
        "stops_without_position", select(func.count()).select_from(stop).where(unknown).scalar_subquery(),
        "due_without_position", select(func.count()).select_from(due).where(nowhere).scalar_subquery(),
    )  # fmt: skip
    return select(cast(whole, Text))


def _nearest(due: Any, known: Any) -> Any:
    """The way to the nearest known place, for those inside its box; none for the others."""
    degrees = bindparam("radius", type_=Double) / METRES_PER_DEGREE
    wide = degrees / func.greatest(func.cos(func.radians(known.c.latitude)), 0.01)
    inside = and_(
        due.c.latitude.between(known.c.latitude - degrees, known.c.latitude + degrees),
        func.abs(due.c.longitude - known.c.longitude).between(0, wide),
    )
    way = _metres(known.c.latitude, known.c.longitude, due.c.latitude, due.c.longitude)
    return select(func.min(way).label("metres")).select_from(known).where(inside).correlate(due).lateral("nearest")


def _list(told: ColumnElement[Any], *order: ColumnElement[Any]) -> ColumnElement[Any]:
    found = func.json_agg(told).aggregate_order_by(*order)
    return select(func.coalesce(found, cast(literal_column("'[]'"), JSON))).scalar_subquery()
