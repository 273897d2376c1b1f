"""How good a forecast was: what snapshots say was foreseen on a day, beside what was won (``domain.md`` B5)."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import (
    ClauseElement,
    ColumnElement,
    Date,
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
    union_all,
)

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.forecasts import slicing
from crm.forecasts.figures import NOUGHT, Figures, Outlook, Sum, accuracy, figure, money, share
from crm.forecasts.forecast import answer, chosen, days_of, line
from crm.forecasts.models import opportunity_days, sales_rounds
from crm.forecasts.schemas import AccuracySlice
from crm.forecasts.snapshots import held_on
from crm.forecasts.vocabulary import By
from crm.nouns import held_by
from crm.opportunities.models import opportunities
from crm.opportunities.queries import visible
from crm.opportunities.worth import own_currency
from crm.tables import home


@dataclass
class Foresight:
    """What was foreseen, and what came."""

    then: Outlook = field(default_factory=Outlook)
    actual: Sum = field(default_factory=Sum)
    without_amount: int = 0
    unconverted: int = 0

    def figures(self) -> Figures:
        """Each forecast of that day beside what was won."""
        of = self.then.sum
        is_open, closed = of("pipeline", "best_case", "commit"), of("closed")
        committed, best = of("commit", "closed"), of("best_case", "commit", "closed")
        foreseen = {
            "weighted": (is_open.weighted + closed.amount, is_open.count + closed.count),
            "commit": (committed.amount, committed.count),
            "best_case": (best.amount, best.count),
        }
        found = {"actual": money("actual", self.actual.amount, self.actual.count)}
        for name, (amount, count) in foreseen.items():
            found[f"{name}_then"] = money(f"{name}_then", amount, count)
            right = accuracy(amount, self.actual.amount)
            key = f"{name}_accuracy"
            found[key] = figure(key, None, count) if right is None else share(key, right, 1, count)
        return found


NAMES = tuple(Foresight().figures())


async def report(access: Access, wanted: AccuracySlice) -> bytes:
    """The forecasts that were made for a period, as of a day: its first one when none is said.

    Raises 422 for a day of which no snapshot is kept, and for all days at once.
    """
    period = chosen(access, wanted)
    if period is None:
        raise invalid("query:period", "A forecast is for a period.", "invalid")
    as_of: date = wanted.as_of or period.starts_on
    known = await access.row(_known(), as_of=as_of)
    if known is None:
        raise invalid("query:as_of", "No snapshot of this day is kept.", "not_kept")
    given = wanted.given()
    found = _foresight(access.actor.sight, wanted.by, frozenset(given))
    rows = await access.rows(found, as_of=as_of, **given, **days_of(period))
    lines: defaultdict[str | None, Foresight] = defaultdict(Foresight)
    total, names = Foresight(), {}
    for row in rows[1:]:
        names[row["key"]] = row["name"]
        added = Sum(row["sales"], row["amount"] or NOUGHT, row["weighted"] or NOUGHT)
        for of in (total, *([lines[row["key"]]] if wanted.by else [])):
            of.unconverted += row["unconverted"]
            of.without_amount += row["without_amount"]
            if row["category"] == "actual":
                of.actual += added
            else:
                of.then.of[row["category"]] = of.then.sum(row["category"]) + added
    in_order = sorted(lines.items(), key=lambda item: (item[0] is None, item[0] or ""))
    data = [line(key, names[key], of) for key, of in in_order]
    return answer(period, rows[0]["name"], wanted.by, data, line(None, None, total), NAMES)


@statement
def _known() -> Select[Any]:
    r, day = sales_rounds.c, bindparam("as_of", type_=Date)
    return select(r.done_for).where(r.workspace_id == home(), r.first_day <= day, r.done_for >= day)


@statement
def _foresight(sight: Sight, by: By | None, present: frozenset[str]) -> ClauseElement:
    day = bindparam("as_of", type_=Date)
    starts_on, ends_on = (bindparam(name, type_=Date) for name in ("starts_on", "ends_on"))
    d, o = opportunity_days.c, opportunities.c
    whose = opportunities.alias("whose")
    customer = (
        select(whose.c.customer_id)
        .where(whose.c.workspace_id == home(), whose.c.id == d.opportunity_id)
        .scalar_subquery()
    )
    due = func.coalesce(d.closed_on, d.expected_close_on).between(starts_on, ends_on)
    then = [held_on(day), d.category != "omitted", due, held_by(opportunity_days)(sight)]
    then += slicing.sliced(d, present, customer=customer)
    worth = d.amount * slicing.rate(d.currency, day)
    foreseen = _summed(by, d, d.category, worth, worth * d.probability).where(*then)
    won = [o.workspace_id == home(), o.state == "won", o.closed_on.between(starts_on, ends_on), o.archived_at.is_(None)]
    won += [visible(sight), *slicing.sliced(o, present, customer=o.customer_id)]
    worth = o.amount * slicing.rate(o.currency, o.closed_on)
    came = _summed(by, o, literal("actual"), worth, cast(null(), Numeric)).where(*won)
    both = union_all(
        foreseen.group_by("key", "category"), came.group_by("key", "category")
    ).subquery("foresight")  # fmt: skip
    names = ("sales", "amount", "weighted", "without_amount", "unconverted")
    f, key = both.c, cast(both.c.key, Text)
    none = cast(null(), Text)
    head = select(
        none.label("key"), own_currency().label("name"), none.label("category"), *(null().label(n) for n in names)
    )
    return union_all(head, select(key, slicing.name_of(by, key), f.category, *(f[name] for name in names)))


def _summed(
    by: By | None,
    c: Any,
    category: ColumnElement[Any],
    worth: ColumnElement[Any],
    weighted: ColumnElement[Any],
) -> Select[Any]:
    key = cast(null(), Text) if by is None else c[f"{by}_id"]
    unconverted = and_(c.amount.is_not(None), worth.is_(None))
    return select(
        key.label("key"),
        cast(category, Text).label("category"),
        func.count().label("sales"),
        func.sum(worth).label("amount"),
        func.sum(weighted).label("weighted"),
        func.count().filter(c.amount.is_(None)).label("without_amount"),
        func.count().filter(unconverted).label("unconverted"),
    )
