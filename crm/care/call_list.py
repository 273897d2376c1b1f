"""Whom to call today, in what order and why (``domain.md`` A117-A118, D10): one statement."""

from dataclasses import asdict
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSON, array

from crm import clock
from crm.actor import Sight
from crm.care import pressure
from crm.care.call_schemas import CallListQuery
from crm.care.calls import DAY, progress_at
from crm.care.field_days import field_days_between, month_of
from crm.care.rules import month_of_calls
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.days import local_date
from crm.errors import invalid
from crm.nouns import held_by
from crm.workspaces.models import users

LEFT_OUT = ("do_not_contact", "contacted_today", "next_call_later", "pressure_capped")


async def whose(access: Access, user_id: UUID | None) -> UUID:
    """Whom a question about a person's day means: the one named, else whoever asks.

    Raises 422 where a program names none, and for somebody whose records the actor does not see.
    """
    wanted = user_id or access.actor.user_id
    if wanted is None:
        raise invalid("query:user_id", "Say whose; a key has no day of its own.", "required")
    if wanted != access.actor.user_id and not await access.value(_is_seen(access.actor.sight), of_user=wanted):
        raise invalid("query:user_id", "There is no such person whose records you see.", "not_found")
    return wanted


def which_day(access: Access, day: date | None) -> date:
    """The day asked for, else today in the workspace's zone."""
    return day or clock.today(access.actor.timezone)


async def read(access: Access, wanted: CallListQuery) -> bytes:
    """The list of one day, what was left out of it and why, and what the month asks of this person."""
    day, user_id = which_day(access, wanted.date), await whose(access, wanted.user_id)
    capacity = wanted.capacity or access.actor.settings["calls"]["capacity"]
    found = await access.row(_list(access.actor.sight), day=day, of_user=user_id, capacity=capacity)
    assert found is not None  # noqa: S101 - aggregates without groups always give one row
    month = month_of_calls(found["reachable"], found["days"], capacity)
    frame = orjson.dumps(
        {
            "user_id": str(user_id),
            "date": day,
            "capacity": capacity,
            "callable": found["callable"],
            "left_out": {reason: found[reason] for reason in LEFT_OUT},
            "month": asdict(month),
        }
    )
    return b'{"data":%b,%b' % (found["data"].encode(), frame[1:])


@statement
def _is_seen(sight: Sight) -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    seen = held_by(users, "id")(sight)
    return select(exists().where(at_home, users.c.id == bindparam("of_user", type_=Uuid), seen))


@statement
def _list(sight: Sight) -> Select[Any]:
    found = _judged(sight)
    f = found.c
    order = [f.tier, f.reason_count.desc(), f.next_call_on.nulls_last(), f.last_on.nulls_first(), f.id]
    free = select(found).where(f.left_out.is_(None)).order_by(*order).limit(bindparam("capacity", type_=Integer))
    placed = free.subquery("free")
    place = func.row_number().over(
        order_by=[
            placed.c.tier,
            placed.c.reason_count.desc(),
            placed.c.next_call_on.nulls_last(),
            placed.c.last_on.nulls_first(),
            placed.c.id,
        ]
    )
    lines = select(placed, place.label("place")).subquery("lines")
    line = lines.c
    told = func.json_build_object(
        "place", line.place,
        "customer", func.json_build_object("id", line.id, "name", line.name),
        "phone", line.phone,
        "tier", line.tier,
        "reasons", line.reasons,
        "progress_code", line.progress_code,
        "intention", line.intention,
        "contract_state", line.contract_state,
        "last_contact_on", line.last_on,
        "next_call_on", line.next_call_on,
    )  # fmt: skip
    data = select(func.coalesce(func.json_agg(told).aggregate_order_by(line.place), cast(literal("[]"), JSON)))
    columns: list[ColumnElement[Any]] = [
        cast(data.scalar_subquery(), Text).label("data"),
        func.count().filter(f.left_out.is_(None)).label("callable"),
        func.count().filter(~f.do_not_contact).label("reachable"),
        *(func.count().filter(f.left_out == reason).label(reason) for reason in LEFT_OUT),
        field_days_between(*month_of(DAY), bindparam("of_user", type_=Uuid)).label("days"),
    ]
    return select(*columns).select_from(found)


def _judged(sight: Sight) -> Any:
    """The customers of a person with the reasons to call them first, or not at all."""
    c = customers.c
    mine = (
        select(
            c.id, c.name, c.phone, c.do_not_contact,
            local_date(c.last_contact_at).label("last_on"),
        )
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.owner_id == bindparam("of_user", type_=Uuid),
            c.archived_at.is_(None),
            CUSTOMER.visible(sight),
        )
        .cte("mine")
    )  # fmt: skip
    capped = pressure.capped_customers(pressure.touches(mine, DAY))
    known = progress_at(mine.c.id, DAY)
    p = known.c
    reasons: dict[str, ColumnElement[bool]] = {
        "progress_4": p.progress_code == 4,
        "progress_5": p.progress_code == 5,
        "intention_good": p.intention == "good",
        "intention_very_likely": p.intention == "very_likely",
        "contract_expired": p.contract_state == "expired",
    }
    said = [case((holds, literal(name, Text))) for name, holds in reasons.items()]
    count: ColumnElement[Any] = sum(
        (case((holds, 1), else_=0) for holds in reasons.values()), start=literal_column("0", Integer)
    )
    left_out = case(
        (mine.c.do_not_contact, "do_not_contact"),
        (mine.c.last_on >= DAY, "contacted_today"),
        (p.next_call_on > DAY, "next_call_later"),
        (exists().where(capped.c.id == mine.c.id), "pressure_capped"),
    )
    return (
        select(
            *mine.c,
            p.progress_code,
            p.intention,
            func.coalesce(p.contract_state, "none").label("contract_state"),
            p.next_call_on,
            func.array_remove(array(said), cast(null(), Text)).label("reasons"),
            count.label("reason_count"),
            case((count > 0, 1), else_=2).label("tier"),
            left_out.label("left_out"),
        )
        .select_from(mine.outerjoin(known, true()))
        .cte("judged")
    )
