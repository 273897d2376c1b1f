"""The forecast of a period (``domain.md`` B5, D6): what is open by category, what has closed, what was to be sold.

One statement: open sales are summed up by who holds them and by stage before anything is multiplied or converted, so
that its work grows with the groups and hardly with the sales.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson

from crm import clock
from crm.database import Access
from crm.forecasts import formulas, periods, summing
from crm.forecasts.figures import Outlook, Sum
from crm.forecasts.schemas import PeriodSlice
from crm.forecasts.vocabulary import By

NAMES = tuple(Outlook().figures())


async def forecast(access: Access, wanted: PeriodSlice) -> bytes:
    """The forecast of a period, in all and line by line."""
    period = chosen(access, wanted)
    given = wanted.given()
    found = summing.summed_up(access.actor.sight, wanted.by, frozenset(given), dated=period is not None)
    rows = await access.rows(found, **given, **days_of(period))
    own, outlooks, names = rows[0]["name"], defaultdict[tuple[bool, str | None], Outlook](Outlook), {}
    aims: dict[str, Decimal] = {}
    for row in rows[1:]:
        if row["part"] == "aim":
            aims[row["category"]] = row["amount"]
            continue
        at = (row["part"] == "total", row["key"])
        names[at] = row["name"]
        outlook = outlooks[at]
        if row["part"] == "target":
            outlook.target = row["amount"]
            continue
        added = Sum(row["sales"], row["amount"] or Decimal(0), row["weighted"] or Decimal(0))
        outlook.of[row["category"]] = outlook.sum(row["category"]) + added
        outlook.without_amount += row["without_amount"]
        outlook.unconverted += row["unconverted"]
    total = outlooks.pop((True, None), Outlook())
    total.target = _aim(aims, frozenset(given))
    data = [
        line(key, names[_, key], outlook)
        for (_, key), outlook in sorted(outlooks.items(), key=lambda item: (item[0][1] is None, item[0][1] or ""))
    ]
    return answer(period, own, wanted.by, data, line(None, None, total), NAMES)


def chosen(access: Access, wanted: PeriodSlice) -> periods.Period | None:
    """The period that was asked for: this quarter where none was; None for all days. Raises 422 for what is none."""
    if wanted.period == periods.ALL:
        return None
    if wanted.period is None:
        return periods.quarter_of(clock.today(access.actor.timezone))
    return periods.period(wanted.period)


def days_of(period: periods.Period | None) -> dict[str, Any]:
    """The days of a period, as statements name them."""
    return {} if period is None else {"starts_on": period.starts_on, "ends_on": period.ends_on}


def line(key: str | None, name: str | None, of: Any) -> dict[str, Any]:
    """The figures of one line."""
    return {
        "key": key,
        "name": name,
        "without_amount": of.without_amount,
        "unconverted": of.unconverted,
        "figures": of.figures(),
    }


def answer(
    period: periods.Period | None,
    currency: str,
    by: By | None,
    data: list[dict[str, Any]],
    total: dict[str, Any],
    names: Iterable[str],
) -> bytes:
    """A report as it is answered."""
    shown = None
    if period is not None:
        shown = {"name": period.name, "starts_on": period.starts_on, "ends_on": period.ends_on}
    return orjson.dumps(
        {
            "period": shown,
            "currency": currency,
            "by": by,
            "data": data,
            "total": total,
            "formulas": formulas.in_words(names),
        }
    )


def _aim(aims: dict[str, Decimal], present: frozenset[str]) -> Decimal | None:
    """What all together were to sell: the workspace's target, else the teams', else the people's.

    Where only some people or teams are looked at, theirs.
    """
    if "wanted_owner_id" in present:
        return aims.get("owner")
    if "wanted_team_id" in present:
        return aims.get("team")
    return next((aims[whose] for whose in ("workspace", "team", "owner") if whose in aims), None)
