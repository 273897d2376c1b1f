"""Which opportunities figures are about, what they are broken down by, and what they are worth: parts of statements."""

from functools import cache
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.models import customers
from crm.exchange_rates.queries import rate_on
from crm.forecasts.vocabulary import By
from crm.opportunities.models import opportunity_items
from crm.opportunities.worth import own_currency
from crm.pipelines.models import pipeline_stages, pipelines
from crm.products.models import products
from crm.tables import home
from crm.workspaces.models import teams, users

TIMES: frozenset[By] = frozenset({"day", "week", "month", "quarter", "year"})

NAMES: dict[By, FromClause] = {
    "owner": users, "team": teams, "pipeline": pipelines, "stage": pipeline_stages, "product": products,
}  # fmt: skip


def rate(of: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[Any]:
    """How much of the workspace's currency one unit is worth on a day; null where no rate is known by then."""
    return case((of == own_currency(), literal(1, Numeric)), else_=rate_on(home(), of, day))


@cache
def _below() -> CTE:
    """The teams that were asked for, and all below them: one and the same wherever a statement needs it."""
    roots = any_(bindparam("wanted_team_id", type_=ARRAY(Uuid)))
    found = select(teams.c.id).where(teams.c.workspace_id == home(), teams.c.id == roots).cte("below", recursive=True)
    return found.union(select(teams.c.id).where(teams.c.workspace_id == home(), teams.c.parent_id == found.c.id))


@cache
def tree() -> CTE:
    """Every team with every team below it, itself among them: ``root`` and ``team``."""
    found = (
        select(teams.c.id.label("root"), teams.c.id.label("team"))
        .where(teams.c.workspace_id == home())
        .cte("tree", recursive=True)
    )
    child = teams.alias("child")
    return found.union(
        select(found.c.root, child.c.id).where(child.c.workspace_id == home(), child.c.parent_id == found.c.team)
    )


def sliced(c: Any, present: frozenset[str], *, customer: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """The conditions of the filters that were given, over columns of opportunities or of their snapshots."""
    found: list[ColumnElement[bool]] = []
    for name in ("owner_id", "pipeline_id"):
        if f"wanted_{name}" in present:
            found.append(c[name] == any_(bindparam(f"wanted_{name}", type_=ARRAY(Uuid))))
    if "wanted_team_id" in present:
        found.append(c.team_id.in_(select(_below().c.id)))
    if "wanted_region" in present:
        there = customers.alias("there")
        wanted = there.c.region == any_(bindparam("wanted_region", type_=ARRAY(Text)))
        found.append(customer.in_(select(there.c.id).where(there.c.workspace_id == home(), wanted)))
    return found


def broken_down(
    by: By | None, source: FromClause, *, day: ColumnElement[Any] | None
) -> tuple[ColumnElement[Any], ColumnElement[Any], FromClause]:
    """By what figures are broken down, the amount that counts there, and the tables that both need.

    With products it is the amount of the items, where there are any.
    """
    c = source.c
    amount: ColumnElement[Any] = c.amount
    if by is None:
        return cast(null(), Text), amount, source
    if by == "region":
        place = customers.alias("place")
        at = and_(place.c.workspace_id == c.workspace_id, place.c.id == c.customer_id)
        return place.c.region, amount, source.outerjoin(place, at)
    if by == "product":
        item = opportunity_items.alias("sold")
        of = and_(item.c.workspace_id == c.workspace_id, item.c.opportunity_id == c.id)
        key = func.coalesce(cast(item.c.product_id, Text), item.c.name)
        return key, func.coalesce(item.c.amount, c.amount), source.outerjoin(item, of)
    if by in TIMES:
        if day is None:
            raise ValueError(by)
        return cast(func.date_trunc(by, day), Date), amount, source
    return c[f"{by}_id"], amount, source


def name_of(by: By | None, key: ColumnElement[Any]) -> ColumnElement[Any]:
    """What people call it; a region or an item by what it is, a period not at all."""
    if by is None or by in TIMES:
        return cast(null(), Text)
    if by == "region":
        return key
    table = NAMES[by]
    found = select(table.c.name).where(table.c.workspace_id == home(), cast(table.c.id, Text) == key).scalar_subquery()
    return func.coalesce(found, key) if by == "product" else found
