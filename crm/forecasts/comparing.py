"""The statement of what changed: sales as they stood at the end of one day and of another, or stand now."""

from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Date,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    true,
    union_all,
)

from crm.actor import Sight
from crm.database import statement
from crm.forecasts import slicing, snapshots
from crm.forecasts.models import opportunity_days, sales_rounds
from crm.nouns import held_by
from crm.opportunities.models import opportunities
from crm.opportunities.queries import visible
from crm.opportunities.worth import own_currency
from crm.tables import home

SUMS = ("sales", "before", "after", "weighted_before", "weighted_after")
WINDOW = frozenset({"wanted_expected_close_on_gte", "wanted_expected_close_on_lte"})


@statement
def known_days() -> Select[Any]:
    """The first day of which a snapshot is kept, and the last."""
    r = sales_rounds.c
    return select(r.first_day, r.done_for).where(r.workspace_id == home(), r.first_day.is_not(None))


@statement
def compared(sight: Sight, present: frozenset[str], *, is_live: bool) -> ClauseElement:
    """The workspace's currency first, then what changed, in sums; ``is_live``: up to now instead of to a day's end."""
    d, since, until = opportunity_days.c, bindparam("since", type_=Date), bindparam("until", type_=Date)
    held_then = and_(d.workspace_id == home(), d.from_day <= since)
    if is_live:
        before = _kept(sight, present, held_then, d.until_day > since)
        after = _live(sight, present)
    else:
        before = _kept(sight, present, held_then, d.until_day > since, d.until_day <= until)
        after = _kept(
            sight, present, d.workspace_id == home(), d.from_day > since, d.from_day <= until, d.until_day > until
        )
    beside = _side_by_side(before.subquery("before_row"), after.subquery("after_row"), present)
    parts = [beside]
    if not is_live:
        parts.append(_unchanged(_kept(sight, present, held_then, d.until_day > until)))
    whole = union_all(*parts).subquery("piece_of")
    names = [column.name for column in whole.c]
    first = select(own_currency().label("piece"), *(cast(null(), whole.c[n].type).label(n) for n in names[1:]))
    return union_all(first, select(*whole.c))


def _kept(sight: Sight, present: frozenset[str], *which: ColumnElement[bool]) -> Select[Any]:
    d = opportunity_days.c
    return _row(d, d.opportunity_id, held_by(opportunity_days)(sight), present).where(*which)


def _live(sight: Sight, present: frozenset[str]) -> Select[Any]:
    now = snapshots.as_it_stands().cte("live")
    c, o = now.c, opportunities.c
    seen = (
        true()
        if sight is Sight.ALL
        else c.opportunity_id.in_(select(o.id).where(o.workspace_id == home(), visible(sight)))
    )
    return _row(c, c.opportunity_id, seen, present)


def _row(c: Any, id_: ColumnElement[Any], seen: ColumnElement[bool], present: frozenset[str]) -> Select[Any]:
    """A sale on one of the two days: whether it was in the pipeline looked at, and what it was worth there."""
    scope = and_(seen, *slicing.sliced(c, present - WINDOW, customer=_customer_of(id_)))
    in_time: list[ColumnElement[bool]] = []
    day = c.expected_close_on
    if "wanted_expected_close_on_gte" in present:
        in_time.append(day >= bindparam("wanted_expected_close_on_gte", type_=Date))
    if "wanted_expected_close_on_lte" in present:
        in_time.append(day <= bindparam("wanted_expected_close_on_lte", type_=Date))
    is_open = and_(c.standing == "open", c.category != "omitted", scope)
    worth = c.amount * slicing.rate(c.currency, bindparam("until", type_=Date))
    return select(
        id_.label("id"),
        c.standing,
        c.category,
        day.label("day"),
        is_open.label("otherwise_in"),
        func.coalesce(and_(is_open, *in_time), False).label("is_in"),
        worth.label("worth"),
        (worth * c.probability).label("weighted"),
        and_(c.amount.is_not(None), worth.is_(None)).label("is_unconverted"),
    )


def _customer_of(id_: ColumnElement[Any]) -> ColumnElement[Any]:
    """Snapshots keep no customer: a sale's region is its customer's of today."""
    of = opportunities.alias("whose")
    return select(of.c.customer_id).where(of.c.workspace_id == home(), of.c.id == id_).scalar_subquery()


def _side_by_side(before: Any, after: Any, present: frozenset[str]) -> Select[Any]:
    """The sales that were in the pipeline on either day, by what became of them."""
    b, a = before.c, after.c
    was_in, is_in = func.coalesce(b.is_in, False), func.coalesce(a.is_in, False)
    worth_before = case((was_in, func.coalesce(b.worth, 0)), else_=0)
    worth_after = case((is_in, func.coalesce(a.worth, 0)), else_=0)
    weighted_before = case((was_in, func.coalesce(b.weighted, 0)), else_=0)
    weighted_after = case((is_in, func.coalesce(a.weighted, 0)), else_=0)
    last = bindparam("wanted_expected_close_on_lte", type_=Date)
    slips = "wanted_expected_close_on_lte" in present
    beyond = (lambda day: func.coalesce(day > last, True)) if slips else (lambda _: literal(False))
    piece = case(
        (
            and_(was_in, is_in),
            case(
                (worth_after > worth_before, "grown"),
                (worth_after < worth_before, "shrunk"),
                (weighted_after != weighted_before, "reweighted"),
                else_="unchanged",
            ),
        ),
        (
            is_in,
            case(
                (b.id.is_(None), "new"),
                (b.standing == "lost", "reopened"),
                (b.standing == "on_hold", "resumed"),
                (and_(b.otherwise_in, beyond(b.day)), "pulled_in"),
                else_="moved_in",
            ),
        ),
        (a.standing == "won", "won"),
        (a.standing == "lost", "lost"),
        (a.standing == "on_hold", "held"),
        (a.standing == "archived", "archived"),
        (and_(a.otherwise_in, beyond(a.day)), "slipped"),
        else_="moved_out",
    )
    stays = and_(was_in, is_in)
    moved = case((and_(stays, a.day > b.day), "later"), (and_(stays, a.day < b.day), "earlier"))
    unconverted = or_(and_(was_in, b.is_unconverted), and_(is_in, a.is_unconverted))
    each = (
        select(
            cast(piece, Text).label("piece"), was_in.label("was_in"), is_in.label("is_in"),
            b.category.label("category_before"), a.category.label("category_after"), cast(moved, Text).label("moved"),
            worth_before.label("before"), worth_after.label("after"), weighted_before.label("weighted_before"),
            weighted_after.label("weighted_after"), cast(unconverted, Integer).label("unconverted"),
        )
        .select_from(before.outerjoin(after, a.id == b.id, full=True))
        .where(or_(was_in, is_in))
        .subquery("each")
    )  # fmt: skip
    e = each.c
    groups = [e.piece, e.was_in, e.is_in, e.category_before, e.category_after, e.moved]
    return select(
        *groups,
        func.count().label("sales"),
        *(func.sum(e[name]).label(name) for name in SUMS[1:]),
        func.sum(e.unconverted).label("unconverted"),
    ).group_by(*groups)


def _unchanged(kept: Select[Any]) -> Select[Any]:
    """The sales whose row held from the one day to the other: in the pipeline, and nothing happened to them."""
    row = kept.subquery("same")
    c = row.c
    worth, likely = func.coalesce(func.sum(c.worth), 0), func.coalesce(func.sum(c.weighted), 0)
    return (
        select(
            literal("unchanged").label("piece"), true().label("was_in"), true().label("is_in"),
            c.category.label("category_before"), c.category.label("category_after"), cast(null(), Text).label("moved"),
            func.count().label("sales"), worth.label("before"), worth.label("after"),
            likely.label("weighted_before"), likely.label("weighted_after"),
            func.sum(cast(c.is_unconverted, Integer)).label("unconverted"),
        )
        .where(c.is_in)
        .group_by(c.category)
    )  # fmt: skip
