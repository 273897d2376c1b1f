"""The statement of the forecast: open sales summed up, then weighted and converted; what closed; the targets."""

from typing import Any

from sqlalchemy import (
    CTE,
    BigInteger,
    ClauseElement,
    ColumnElement,
    Date,
    Numeric,
    Select,
    Text,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Uuid

from crm.actor import Sight
from crm.database import statement
from crm.days import today
from crm.forecasts import slicing
from crm.forecasts.vocabulary import By
from crm.opportunities.models import opportunities
from crm.opportunities.queries import visible
from crm.opportunities.worth import own_currency
from crm.pipelines.models import pipeline_stages
from crm.tables import home
from crm.targets.models import targets
from crm.targets.queries import visible as visible_targets


@statement
def summed_up(sight: Sight, by: By | None, present: frozenset[str], *, dated: bool) -> ClauseElement:
    """The workspace's currency first, then sums by line and category, targets and aims; ``dated``: of a period."""
    priced = _priced(lines(sight, by, present, dated=dated)).cte("priced")
    whole = priced
    if by == "product":
        # A sale of two products stands in two lines; in the total it counts once.
        whole = _priced(lines(sight, None, present, dated=dated)).cte("whole")
    p, w = priced.c, whole.c
    sums = _sums(p)
    own: list[Select[Any]] = []
    if by == "team":
        tree = slicing.tree()
        key: ColumnElement[Any] = tree.c.root
        under = priced.outerjoin(tree, tree.c.team == p.key)
        own = [select(literal("line"), key, p.category, *sums).select_from(under).group_by(key, p.category)]
    elif by is not None:
        own = [select(literal("line"), p.key, p.category, *sums).group_by(p.key, p.category)]
    none = cast(null(), Text)
    no_key = cast(null(), p.key.type)
    parts: list[Any] = [select(literal("total"), no_key, w.category, *_sums(w)).group_by(w.category), *own]
    if dated:
        aim = _targets(sight, present)
        parts.append(_spread(select(literal("aim"), no_key, aim.c.whose, func.sum(aim.c.amount)).group_by(aim.c.whose)))
        if by in {"owner", "team"}:
            of = [literal("target"), aim.c[f"{by}_id"], none, aim.c.amount]
            parts.append(_spread(select(*of).where(aim.c.whose == by)))
    joined = union_all(*parts).subquery("figure")
    names = ("part", "key", "category", "sales", "without_amount", "unconverted", "amount", "weighted")
    column = dict(zip(names, joined.c, strict=True))
    key_text = cast(column["key"], Text)
    head = select(
        literal("head").label("part"), none.label("key"), own_currency().label("name"), none.label("category"),
        *(literal(0).label(name) for name in names[3:6]), *(cast(null(), Numeric).label(name) for name in names[6:]),
    )  # fmt: skip
    body = select(
        column["part"], key_text, slicing.name_of(by, key_text), column["category"],
        *(column[name] for name in names[3:]),
    )  # fmt: skip
    return union_all(head, body)


def _sums(c: Any) -> list[ColumnElement[Any]]:
    counted = [cast(func.sum(c[name]), BigInteger) for name in ("sales", "without_amount", "unconverted")]
    return [*counted, func.sum(c.amount), func.sum(c.weighted)]


def _spread(aims: Select[Any]) -> Select[Any]:
    """Targets in the columns of sums."""
    part, key, whose, amount = aims.subquery().c
    zero = literal(0)
    return select(part, key, whose, zero, zero, zero, amount, cast(null(), Numeric))


def lines(sight: Sight, by: By | None, present: frozenset[str], *, dated: bool) -> Any:
    """The sales of a period summed up: by what is asked for, and by all that decides what they count for.

    Open ones and those at rest belong to the day on which they are expected to close, the others to that on which
    they did.
    """
    c = opportunities.c
    parts = []
    for day, which in (
        (c.expected_close_on, c.state == "open"),
        (c.expected_close_on, c.state == "on_hold"),
        (c.closed_on, c.closed_on.is_not(None)),
    ):
        key, amount, source = slicing.broken_down(by, opportunities, day=day)
        # Whatever is in the workspace's own currency needs no day to be converted.
        converted_on = case((c.currency != own_currency(), func.coalesce(c.closed_on, today())))
        if day is not c.closed_on:
            converted_on = case((c.currency != own_currency(), today()))
        groups = [key, c.state, c.stage_id, c.probability, c.forecast_category, c.currency, converted_on]
        wanted = [c.workspace_id == home(), which, c.archived_at.is_(None), visible(sight)]
        wanted += slicing.sliced(c, present, customer=c.customer_id)
        if dated:
            wanted.append(day.between(bindparam("starts_on", type_=Date), bindparam("ends_on", type_=Date)))
        names = ("key", "state", "stage_id", "probability", "category", "currency", "converted_on")
        found = select(
            *(group.label(name) for name, group in zip(names, groups, strict=True)),
            (func.count(c.id.distinct()) if by == "product" else func.count()).label("sales"),
            func.count(amount).label("known"),
            func.sum(amount).label("amount"),
        )
        parts.append(found.select_from(source).where(*wanted).group_by(*(found.selected_columns[n] for n in names)))
    return union_all(*parts)


def _priced(summed: Any) -> Select[Any]:
    """The groups with their category, and in the workspace's currency."""
    group, stage = summed.subquery("group_of"), pipeline_stages.alias("stage")
    g, s = group.c, stage.c
    is_open = g.state == "open"
    rate = slicing.rate(g.currency, g.converted_on)
    category = case(
        (g.state == "won", "closed"), (~is_open, "omitted"), else_=func.coalesce(g.category, s.forecast_category)
    )
    likely = func.coalesce(g.probability, s.probability)
    columns: dict[str, ColumnElement[Any]] = {
        "key": g.key,
        "category": cast(category, Text),
        "sales": g.sales,
        "known": g.known,
        "without_amount": g.sales - g.known,
        "amount": g.amount,
        "likely": likely,
        "rate": rate,
        "is_open": is_open,
    }
    priced = (
        select(*(column.label(name) for name, column in columns.items()))
        .select_from(group.join(stage, and_(s.workspace_id == home(), s.id == g.stage_id)))
        .subquery("priced_group")
    )
    p = priced.c
    unconverted = case((and_(p.amount.is_not(None), p.rate.is_(None)), p.known), else_=0)
    worth = p.amount * p.rate
    return select(
        p.key, p.category, p.sales, p.without_amount, unconverted.label("unconverted"), worth.label("amount"),
        case((p.is_open, worth * p.likely)).label("weighted"),
    )  # fmt: skip


def _targets(sight: Sight, present: frozenset[str]) -> CTE:
    """What each was to sell in the period: by the longest targets that lie within it."""
    t = targets.c
    longest = case({"year": 1, "quarter": 2, "month": 3}, value=t.kind)
    length = func.rank().over(partition_by=(t.owner_id, t.team_id), order_by=longest)
    whose = case((t.owner_id.is_not(None), "owner"), (t.team_id.is_not(None), "team"), else_="workspace")
    wanted: list[ColumnElement[bool]] = [
        t.workspace_id == home(),
        t.archived_at.is_(None),
        t.starts_on >= bindparam("starts_on", type_=Date),
        t.ends_on <= bindparam("ends_on", type_=Date),
        visible_targets(sight),
    ]
    if "wanted_owner_id" in present:
        owners = t.owner_id == any_(bindparam("wanted_owner_id", type_=ARRAY(Uuid)))
        wanted.append(or_(t.owner_id.is_(None), owners))
    if "wanted_team_id" in present:
        asked = t.team_id == any_(bindparam("wanted_team_id", type_=ARRAY(Uuid)))
        wanted.append(or_(t.team_id.is_(None), asked))
    each = select(t.owner_id, t.team_id, t.amount, whose.label("whose"), length.label("length")).where(*wanted)
    found = each.subquery("each_target")
    return (
        select(found.c.owner_id, found.c.team_id, found.c.whose, func.sum(found.c.amount).label("amount"))
        .where(found.c.length == 1)
        .group_by(found.c.owner_id, found.c.team_id, found.c.whose)
        .cte("aim")
    )
