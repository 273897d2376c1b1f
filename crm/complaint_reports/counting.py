"""What is counted of complaints, in one statement: who received what, which promises were kept, what people said.

Only what the actor sees is counted. Sums are by the key asked for; the ratios are made of them afterwards.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    TIMESTAMP,
    ClauseElement,
    ColumnElement,
    Date,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    func,
    literal,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.complaint_reports.vocabulary import GroupBy
from crm.complaints.models import complaint_steps, complaints, sla_clocks
from crm.complaints.queries import COMPLAINT
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import statement
from crm.days import local_date
from crm.forecasts.slicing import rate
from crm.opportunities.worth import own_currency
from crm.products.models import products
from crm.surveys.models import surveys
from crm.tables import home
from crm.workspaces.models import teams, users

ASKED_AGAIN = ("wait_customer", "inform", "refuse")
"""Steps after which a complaint was not settled by a single answer."""

COLUMNS: dict[GroupBy, str] = {
    "cause": "cause_kind", "product": "product_id", "team": "team_id", "person": "assignee_id", "category": "category",
    "severity": "severity",
}  # fmt: skip


@statement
def counted(sight: Sight, by: GroupBy | None, present: frozenset[str]) -> ClauseElement:
    """One row of JSON texts: complaints of the days from ``since`` to ``until``, and the answers since ``before``."""
    received = _received(sight, by, present).cte("received")
    parts: dict[str, Select[Any]] = {
        "handled": _handled(received),
        "promises": _promises(received),
        "rated": _rated(received),
        "recommended": _recommended(received),
        "customers": _customers(sight, by),
        "names": _names(by, received),
    }
    return select(own_currency().label("currency"), *(_listed(part, name) for name, part in parts.items()))


def _listed(part: Select[Any], name: str) -> ColumnElement[Any]:
    rows = part.subquery(f"{name}_row")
    return cast(select(func.json_agg(func.row_to_json(rows.table_valued()))).scalar_subquery(), Text).label(name)


def _received(sight: Sight, by: GroupBy | None, present: frozenset[str]) -> Select[Any]:
    c = complaints.c
    costs = c.cost * rate(c.cost_currency, local_date(c.received_at))
    wanted = [
        c.workspace_id == home(),
        c.received_at >= _begin("before"),
        c.received_at < _begin("until", 1),
        COMPLAINT.visible(sight),
    ]
    for name in sorted(present):
        column = c[name.removeprefix("wanted_")]
        wanted.append(column == any_(bindparam(name, type_=ARRAY(column.type))))
    return select(
        c.id,
        _key(by, c).label("key"),
        (c.received_at >= _begin("since")).label("now"),
        or_(c.resolved_at.is_not(None), c.reopened_count > 0).label("was_resolved"),
        *(c[name] for name in ("reopened_count", "repeat_of_id", "validity", "satisfaction", "cost")),
        costs.label("costs"),
    ).where(*wanted)


def _key(by: GroupBy | None, c: Any) -> ColumnElement[Any]:
    if by is None:
        return cast(null(), Text)
    if by == "month":
        return _month(c.received_at)
    column: ColumnElement[Any] = c[COLUMNS[by]]
    return column


def _said(key: ColumnElement[Any]) -> ColumnElement[Any]:
    """A key in words. Grouped as it is: sorting 200,000 ids as text takes as long as all the rest."""
    return cast(key, Text).label("key")


def _month(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(func.date_trunc("month", cast(local_date(moment), TIMESTAMP)), Date)


def _begin(day: str, later: int = 0) -> ColumnElement[Any]:
    """The first moment of a day, or of one so many days later, in the workspace's zone; once per statement."""
    midnight = cast(bindparam(day, type_=Date) + later, TIMESTAMP)
    return select(func.timezone(bindparam("timezone", type_=Text), midnight)).scalar_subquery()


def _handled(received: CTE) -> Select[Any]:
    c, step = received.c, complaint_steps.c
    again = select(step.complaint_id).where(step.workspace_id == home(), step.step.in_(ASKED_AGAIN))
    upheld = c.validity.in_(("upheld", "partly"))
    return (
        select(
            _said(c.key),
            func.count().label("received"),
            func.count().filter(c.was_resolved).label("resolved"),
            func.count().filter(c.reopened_count > 0).label("reopened"),
            func.count().filter(c.was_resolved, c.reopened_count == 0, c.id.not_in(again)).label("at_first_contact"),
            func.count(c.repeat_of_id).label("repeats"),
            func.count().filter(c.validity != "pending").label("decided"),
            func.count().filter(upheld).label("upheld"),
            cast(func.coalesce(func.sum(c.costs), 0), Text).label("cost"),
            func.count(c.costs).label("costing"),
            func.count().filter(c.cost.is_not(None), c.costs.is_(None)).label("unconverted"),
        )
        .where(c.now)
        .group_by(c.key)
    )


def _promises(received: CTE) -> Select[Any]:
    """Promises of a kind that are decided: kept, kept late, or broken by now, noticed or not."""
    p = sla_clocks.c
    broken = or_(p.state.in_(("met_late", "breached")), and_(p.state == "running", p.due_at < func.now()))
    of = and_(p.workspace_id == home(), p.complaint_id == received.c.id, p.kind.in_(("acknowledge", "resolution")))
    return (
        select(
            _said(received.c.key),
            p.kind,
            func.count().filter(p.state == "met").label("kept"),
            func.count().filter(or_(p.state == "met", broken)).label("decided"),
        )
        .select_from(received.join(sla_clocks, of))
        .where(received.c.now)
        .group_by(received.c.key, p.kind)
    )


def _rated(received: CTE) -> Select[Any]:
    c = received.c
    content = func.count().filter(c.satisfaction >= 4)
    found = select(_said(c.key), c.now, func.count(c.satisfaction).label("rated"), content.label("content"))
    return found.where(c.satisfaction.is_not(None)).group_by(c.key, c.now)


def _recommended(received: CTE) -> Select[Any]:
    s = surveys.c
    of = and_(s.workspace_id == home(), s.complaint_id == received.c.id, s.nps.is_not(None))
    return (
        select(
            _said(received.c.key),
            received.c.now,
            func.count().label("recommending"),
            func.count().filter(s.nps >= 9).label("promoters"),
            func.count().filter(s.nps <= 6).label("detractors"),
        )
        .select_from(received.join(surveys, of))
        .group_by(received.c.key, received.c.now)
    )


def _customers(sight: Sight, by: GroupBy | None) -> Select[Any]:
    """Those there by the end of the period, by the team or by the month in which they came."""
    c = customers.c
    key: ColumnElement[Any] = cast(null(), Text)
    if by == "team":
        key = c.team_id
    if by == "month":
        key = _month(c.created_at)
    there = [c.workspace_id == home(), c.archived_at.is_(None), c.created_at < _begin("until", 1)]
    columns: list[ColumnElement[Any]] = [_said(key), func.count().label("n")]
    found = select(*columns).where(*there, CUSTOMER.visible(sight))
    return found if by not in {"team", "month"} else found.group_by(key)


def _names(by: GroupBy | None, received: CTE) -> Select[Any]:
    """What people, products and teams are called; of teams all, each with the one above it."""
    table: Any = {"person": users, "product": products, "team": teams}.get(by or "")
    if table is None:
        nothing = cast(null(), Text)
        empty: list[ColumnElement[Any]] = [nothing.label(name) for name in ("key", "name", "above")]
        return select(*empty).where(literal(value=False))
    c = table.c
    above = cast(c.parent_id, Text) if by == "team" else cast(null(), Text)
    found: Select[Any] = select(cast(c.id, Text).label("key"), c.name, above.label("above")).where(
        c.workspace_id == home()
    )
    return found if by == "team" else found.where(c.id.in_(select(received.c.key)))
