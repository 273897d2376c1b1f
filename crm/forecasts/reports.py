"""Reports: what was won and lost in a period and how fast (``domain.md`` B5), and what is under way now."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CTE,
    ClauseElement,
    ColumnElement,
    Date,
    FromClause,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    null,
    select,
    true,
    union_all,
)

from crm.actor import Sight
from crm.database import Access, statement
from crm.days import local_date, today
from crm.forecasts import slicing
from crm.forecasts.figures import Closing, Sum, UnderWay
from crm.forecasts.forecast import answer, chosen, days_of, line
from crm.forecasts.schemas import OpenSlice, PeriodSlice
from crm.forecasts.vocabulary import By
from crm.opportunities.models import opportunities
from crm.opportunities.queries import visible
from crm.opportunities.worth import own_currency, probability
from crm.pipelines.models import pipeline_stages
from crm.tables import home

QUALIFIED = 3
"""The progress code of a sale whose money, authority and need are known (``domain.md`` A120, C2)."""

CLOSING, UNDER_WAY = tuple(Closing().figures()), tuple(UnderWay().figures())

Looked = Callable[[By | None], Select[Any]]


async def sales(access: Access, wanted: PeriodSlice) -> bytes:
    """What was won and lost in a period: win rates, average deal, cycle, velocity."""
    period = chosen(access, wanted)
    given = wanted.given()
    found = _sales(access.actor.sight, wanted.by, frozenset(given), dated=period is not None)
    rows = await access.rows(found, **given, **days_of(period))
    lines: dict[tuple[bool, str | None], Closing] = {}
    names: dict[str | None, str | None] = {}
    for row in rows[1:]:
        at = (row["part"] == "total", row["key"])
        names[row["key"]] = row["name"]
        closing = lines.setdefault(at, Closing())
        if row["qualified"] is not None:
            closing.qualified = row["qualified"]
            continue
        closing.won = Sum(row["won"], row["won_amount"] or Decimal(0))
        closing.lost = Sum(row["lost"], row["lost_amount"] or Decimal(0))
        closing.mean_cycle, closing.median_cycle = row["mean"], row["median"]
        closing.without_amount, closing.unconverted = row["without_amount"], row["unconverted"]
    total = lines.pop((True, None), Closing())
    if wanted.by in slicing.TIMES:
        # What is under way is so today, whatever the day on which something else was closed.
        for closing in lines.values():
            closing.qualified = total.qualified
    data = [line(key, names[key], lines[_, key]) for _, key in sorted(lines, key=_by_key)]
    return answer(period, rows[0]["name"], wanted.by, data, line(None, None, total), CLOSING)


async def pipeline(access: Access, wanted: OpenSlice) -> bytes:
    """What is open now: how many, worth how much, and for how long they have been in their stages."""
    given = wanted.given()
    rows = await access.rows(_pipeline(access.actor.sight, wanted.by, frozenset(given)), **given)
    lines: dict[tuple[bool, str | None], UnderWay] = {}
    names: dict[str | None, str | None] = {}
    for row in rows[1:]:
        names[row["key"]] = row["name"]
        lines[row["part"] == "total", row["key"]] = UnderWay(
            Sum(row["sales"], row["amount"] or Decimal(0), row["weighted"] or Decimal(0)),
            row["mean"], row["median"], row["without_amount"], row["unconverted"],
        )  # fmt: skip
    total = lines.pop((True, None), UnderWay())
    data = [line(key, names[key], lines[_, key]) for _, key in sorted(lines, key=_by_key)]
    return answer(None, rows[0]["name"], wanted.by, data, line(None, None, total), UNDER_WAY)


def _by_key(at: tuple[bool, str | None]) -> tuple[bool, str]:
    return at[1] is None, at[1] or ""


@statement
def _sales(sight: Sight, by: By | None, present: frozenset[str], *, dated: bool) -> ClauseElement:
    def closed(by: By | None) -> Select[Any]:
        c = opportunities.c
        key, amount, source = slicing.broken_down(by, opportunities, day=c.closed_on)
        wanted = _wanted(sight, present)
        wanted += [c.closed_on.is_not(None), c.lost_reason.is_distinct_from("duplicate")]
        if dated:
            wanted.append(c.closed_on.between(bindparam("starts_on", type_=Date), bindparam("ends_on", type_=Date)))
        return (
            select(
                key.label("key"), c.id, c.state, amount.label("amount"),
                (amount * slicing.rate(c.currency, c.closed_on)).label("worth"),
                (c.closed_on - c.opened_on).label("days"),
            )
            .select_from(source)
            .where(*wanted)
        )  # fmt: skip

    def under_way(by: By | None) -> Select[Any]:
        c, stage = opportunities.c, pipeline_stages.alias("stage")
        key, _, source = slicing.broken_down(by, opportunities, day=today())
        in_stage = and_(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id)
        wanted = [*_wanted(sight, present), c.state == "open", stage.c.progress_code >= QUALIFIED]
        return select(key.label("key"), c.id).select_from(source.join(stage, in_stage)).where(*wanted)

    def sums(c: Any) -> list[ColumnElement[Any]]:
        won, lost = c.state == "won", c.state == "lost"
        unconverted = and_(c.amount.is_not(None), c.worth.is_(None))
        return [
            func.count(c.id.distinct()).filter(won), func.sum(c.worth).filter(won),
            func.count(c.id.distinct()).filter(lost), func.sum(c.worth).filter(lost),
            func.avg(c.days).filter(won), _median(c.days, won),
            func.count().filter(c.amount.is_(None)), func.count().filter(unconverted), cast(null(), c.days.type),
        ]  # fmt: skip

    def counted(c: Any) -> list[ColumnElement[Any]]:
        nothing: list[ColumnElement[Any]] = [
            literal(0),
            null(),
            literal(0),
            null(),
            null(),
            null(),
            literal(0),
            literal(0),
        ]
        return [*nothing, func.count(c.id.distinct())]

    names = ("won", "won_amount", "lost", "lost_amount", "mean", "median", "without_amount", "unconverted", "qualified")
    parts = _parts(by, closed, sums, "closed", names)
    parts += _parts(by, under_way, counted, "under_way", names)
    return _report(by, parts, names)


@statement
def _pipeline(sight: Sight, by: By | None, present: frozenset[str]) -> ClauseElement:
    def is_open(by: By | None) -> Select[Any]:
        c, stage = opportunities.c, pipeline_stages.alias("stage")
        key, amount, source = slicing.broken_down(by, opportunities, day=c.expected_close_on)
        in_stage = and_(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id)
        worth = amount * slicing.rate(c.currency, today())
        return (
            select(
                key.label("key"), c.id, amount.label("amount"), worth.label("worth"),
                (worth * probability(opportunities, stage)).label("weighted"),
                (today() - local_date(c.stage_entered_at)).label("days"),
            )
            .select_from(source.join(stage, in_stage))
            .where(*_wanted(sight, present), c.state == "open")
        )  # fmt: skip

    def sums(c: Any) -> list[ColumnElement[Any]]:
        unconverted = and_(c.amount.is_not(None), c.worth.is_(None))
        return [
            func.count(c.id.distinct()), func.sum(c.worth), func.sum(c.weighted), func.avg(c.days),
            _median(c.days, true()), func.count().filter(c.amount.is_(None)), func.count().filter(unconverted),
        ]  # fmt: skip

    names = ("sales", "amount", "weighted", "mean", "median", "without_amount", "unconverted")
    return _report(by, _parts(by, is_open, sums, "open", names), names)


def _wanted(sight: Sight, present: frozenset[str]) -> list[ColumnElement[bool]]:
    c = opportunities.c
    own: list[ColumnElement[bool]] = [c.workspace_id == home(), c.archived_at.is_(None), visible(sight)]
    return own + slicing.sliced(c, present, customer=c.customer_id)


def _median(days: ColumnElement[Any], of: ColumnElement[bool]) -> ColumnElement[Any]:
    """The middle one, or halfway between the two in the middle."""
    return cast(func.percentile_cont(literal(0.5)).within_group(days).filter(of), Numeric)


def _parts(
    by: By | None,
    looked: Looked,
    sums: Callable[[Any], list[ColumnElement[Any]]],
    name: str,
    names: tuple[str, ...],
) -> list[Select[Any]]:
    """These rows summed up in all, and line by line."""

    def row(part: str, key: ColumnElement[Any], of: FromClause) -> list[ColumnElement[Any]]:
        figures = [figure.label(name) for name, figure in zip(names, sums(of.c), strict=True)]
        return [literal(part).label("part"), key.label("key"), *figures]

    rows: CTE = looked(by).cte(name)
    # A sale of two products stands in two lines; in the total it counts once.
    whole = looked(None).cte(f"{name}_in_all") if by == "product" else rows
    parts = [select(*row("total", cast(null(), rows.c.key.type), whole)).select_from(whole)]
    if by == "team":
        tree = slicing.tree()
        under = rows.outerjoin(tree, tree.c.team == rows.c.key)
        parts.append(select(*row("line", tree.c.root, rows)).select_from(under).group_by(tree.c.root))
    elif by is not None:
        parts.append(select(*row("line", rows.c.key, rows)).group_by(rows.c.key))
    return parts


def _report(by: By | None, parts: list[Select[Any]], names: tuple[str, ...]) -> ClauseElement:
    """First a row with the workspace's currency, then a row a line."""
    figure = union_all(*parts).subquery("figure")
    part, key, *values = figure.c
    none = cast(null(), Text)
    empty = [null().label(name) for name in names]
    head = select(
        literal("head").label("part"), none.label("key"), own_currency().label("name"), *empty
    )  # fmt: skip
    named = cast(key, Text)
    return union_all(head, select(part, named, slicing.name_of(by, named), *values))
