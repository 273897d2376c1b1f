"""Where a visitor's device was: sealed, kept with consent only, read with the right only, each read a fact.

How far from the customer a visit was made, and whether that is too far, is worked out when the device says so, and is
part of every answer; the position itself is part of none but ``read`` (``domain.md`` B12, C3 16).
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Float,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
)

from crm.actor import Actor, Sight
from crm.customers.models import customers
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.nouns import Answer
from crm.recording import noted, record
from crm.sealing import Place, Sealer
from crm.tables import Moment
from crm.visits import events
from crm.visits.models import location_consents, visits
from crm.visits.queries import VISIT
from crm.visits.reports import Checked
from crm.visits.vocabulary import Move

EARTH_RADIUS_M = 6_371_008.8

CHECK_OF: Mapping[Move, str] = {"start": "start", "complete": "completion"}
"""The moves that say where the visitor is, and what the columns for it begin with."""


def said(at: str, checked: Checked, sealer: Sealer, actor: Actor, visit_id: UUID) -> dict[str, Any]:
    """What the device said, as the parameters of ``columns_of``."""
    location = checked.location
    text = orjson.dumps(location.model_dump()) if location else None
    place = Place("visits", f"{at}_position", actor.workspace_id, visit_id)
    return {
        "device_time": checked.device_time,
        "out_of_range_reason": checked.out_of_range_reason,
        "position": sealer.seal(text, place) if text else None,
        "latitude": location.latitude if location else None,
        "longitude": location.longitude if location else None,
        "accuracy_m": location.accuracy_m if location else None,
    }


def columns_of(at: str, customer_id: ColumnElement[Any], owner_id: ColumnElement[Any]) -> dict[str, ColumnElement[Any]]:
    """The columns of a visit that say where and when the device was, from the parameters that ``said`` gives."""
    position = bindparam("position", type_=LargeBinary)
    device_time, reason = bindparam("device_time", type_=Moment), bindparam("out_of_range_reason", type_=Text)
    metres, too_far = _metres(customer_id), _too_far(customer_id)
    tolerance = func.make_interval(0, 0, 0, 0, 0, bindparam("visits_clock_tolerance_minutes", type_=Integer))
    later, earlier = device_time > func.now() + tolerance, device_time < func.now() - tolerance
    agreed = _consents(owner_id)
    return {
        f"{at}_device_time": device_time,
        f"{at}_clock_off": or_(later, earlier),
        f"{at}_position": case((agreed, position)),
        f"{at}_position_state": case((position.is_(None), null()), (agreed, "kept"), else_="not_consented"),
        f"{at}_by_id": _carrier(owner_id),
        f"{at}_accuracy_m": bindparam("accuracy_m", type_=Float),
        f"{at}_distance_m": cast(func.round(metres), Integer),
        f"{at}_out_of_range": too_far,
        f"{at}_out_of_range_reason": reason,
    }


def said_why(customer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whoever is out of range says why, where the workspace wants to know."""
    wanted = bindparam("visits_out_of_range_reason", type_=Text) == "required"
    given = bindparam("out_of_range_reason", type_=Text).is_not(None)
    return or_(~wanted, given, func.coalesce(_too_far(customer_id), False).is_(False))


async def must_say_why(access: Access, customer_id: UUID, device: Mapping[str, Any]) -> None:
    """Raise 422 where the device is out of range, nobody said why, and the workspace wants to know."""
    if not await access.value(_said_why(), **device, customer_id=customer_id):
        raise invalid("out_of_range_reason", "You are out of the customer's range: say why.", "required")


async def read(access: Access, sealer: Sealer, visit_id: UUID) -> Answer:
    """The positions of a visit, after it was written down who reads them. Raises ``NotFound``."""
    if await record(access, events.LOCATION_READ, _noted(access.actor.sight), id=visit_id) is None:
        raise NotFound
    row = await access.row(_sealed(), id=visit_id)
    if row is None:
        raise NotFound
    home = access.actor.workspace_id

    def opened(at: str) -> Any:
        sealed = row[f"{at}_position"]
        return (
            None
            if sealed is None
            else orjson.loads(sealer.open(sealed, Place("visits", f"{at}_position", home, visit_id)))
        )

    body = {"visit_id": visit_id, "start": opened("start"), "completion": opened("completion")}
    return Answer(visit_id, row["version"], orjson.dumps(body).decode())


def _consents(owner_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whoever carries the device agreed that its position is kept: the caller, or for a program the visit's owner."""
    c = location_consents.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(at_home, c.id == _carrier(owner_id), c.status == "given")


def _carrier(owner_id: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(bindparam("user_id", type_=Uuid), owner_id, type_=Uuid)


def _too_far(customer_id: ColumnElement[Any]) -> ColumnElement[bool]:
    accuracy = bindparam("accuracy_m", type_=Float)
    too_far: ColumnElement[bool] = _metres(customer_id) > (
        bindparam("visits_range_m", type_=Integer) + func.coalesce(accuracy, 0)
    )
    return too_far


def _metres(customer_id: ColumnElement[Any]) -> ColumnElement[float]:
    """The way along the globe (haversine) to the address of the customer; null where either has no position."""
    latitude, longitude = (bindparam(name, type_=Float) for name in ("latitude", "longitude"))
    there_latitude = func.radians(cast(customers.c.address["latitude"].astext, Float))
    there_longitude = func.radians(cast(customers.c.address["longitude"].astext, Float))
    here_latitude, here_longitude = func.radians(latitude), func.radians(longitude)
    half = func.power(func.sin((there_latitude - here_latitude) / 2), 2) + func.cos(here_latitude) * func.cos(
        there_latitude
    ) * func.power(func.sin((there_longitude - here_longitude) / 2), 2)
    # Not least(), which takes the 1 where the other is null: whoever has no position would be across the globe.
    metres = 2 * EARTH_RADIUS_M * func.asin(case((half > 1, 1.0), else_=func.sqrt(half)))
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(metres).where(at_home, customers.c.id == customer_id).correlate(visits).scalar_subquery()


@statement
def _said_why() -> Select[Any]:
    return select(said_why(bindparam("customer_id", type_=Uuid)))


@statement
def _noted(sight: Sight) -> Insert:
    return noted(VISIT, sight)


@statement
def _sealed() -> Select[Any]:
    v = visits.c
    at_home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(v.start_position, v.completion_position, v.version).where(
        and_(at_home, v.id == bindparam("id", type_=Uuid))
    )
