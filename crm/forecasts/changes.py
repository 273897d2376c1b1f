"""What changed in the open pipeline between two days: the pieces add up to the whole.

Every sale that was in the pipeline on either day is in one piece. What is in other currencies is converted by the rates
of the later day on both sides, so that rates move nothing. Between two snapshots only the rows that ended or began in
between are compared; the others are summed up as they are.
"""

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import orjson

from crm import clock
from crm.database import Access
from crm.errors import invalid
from crm.forecasts import comparing
from crm.forecasts.change_schemas import PIECES, ChangeFilter
from crm.forecasts.figures import CENTS, NOUGHT


async def changes(access: Access, wanted: ChangeFilter) -> bytes:
    """What changed between the end of one day and the end of another, or now.

    Raises 422 for days of which no snapshot is kept.
    """
    known = await access.row(comparing.known_days())
    if known is None:
        raise invalid("query:from", "No snapshot was taken yet.", "not_kept")
    first, last = known["first_day"], known["done_for"]
    today = clock.today(access.actor.timezone)
    until = wanted.until or today
    if not first <= wanted.since <= last:
        raise invalid("query:from", f"Snapshots are kept from {first} to {last}.", "not_kept")
    if until != today and not wanted.since < until <= last:
        raise invalid("query:to", f"A day after {wanted.since}, up to {last}, or today.", "not_kept")
    given = wanted.given()
    found = comparing.compared(access.actor.sight, frozenset(given), is_live=until == today)
    rows = await access.rows(found, since=wanted.since, until=until, **given)
    return _answer(wanted, until, until == today, rows)


def _answer(wanted: ChangeFilter, until: Any, is_live: bool, rows: list[Any]) -> bytes:
    pieces: dict[str, list[Decimal | int]] = {name: [0, NOUGHT, NOUGHT] for name in PIECES}
    ends: dict[str, list[Decimal | int]] = {end: [0, NOUGHT, NOUGHT] for end in ("opening", "closing")}
    categories: defaultdict[str, dict[str, Decimal]] = defaultdict(lambda: {"opening": NOUGHT, "closing": NOUGHT})
    moved: dict[str, list[Decimal | int]] = {way: [0, NOUGHT, NOUGHT] for way in ("later", "earlier")}
    unconverted = 0
    for row in rows[1:]:
        n, before, after = row["sales"], row["before"] or NOUGHT, row["after"] or NOUGHT
        likely, likely_after = row["weighted_before"] or NOUGHT, row["weighted_after"] or NOUGHT
        unconverted += row["unconverted"]
        if row["piece"] != "unchanged":
            _add(pieces[row["piece"]], n, after - before, likely_after - likely)
        if row["was_in"]:
            _add(ends["opening"], n, before, likely)
            categories[row["category_before"]]["opening"] += before
        if row["is_in"]:
            _add(ends["closing"], n, after, likely_after)
            categories[row["category_after"]]["closing"] += after
        if row["moved"] is not None:
            _add(moved[row["moved"]], n, after, likely_after)
    shown = {name: {end: _money(value) for end, value in sums.items()} for name, sums in sorted(categories.items())}
    return orjson.dumps(
        {
            "from": wanted.since,
            "to": until,
            "is_live": is_live,
            "currency": rows[0]["piece"],
            "unconverted": unconverted,
            "opening": _shown(ends["opening"]),
            "closing": _shown(ends["closing"]),
            "pieces": {
                name: {**_shown(sums), "text": PIECES[name][0], "text_zh": PIECES[name][1]}
                for name, sums in pieces.items()
            },
            "categories": shown,
            "close_dates_moved": {way: _shown(sums) for way, sums in moved.items()},
        }
    )


def _add(sums: list[Any], *more: Any) -> None:
    for place, value in enumerate(more):
        sums[place] += value


def _shown(sums: list[Any]) -> dict[str, Any]:
    return {"count": sums[0], "amount": _money(sums[1]), "weighted": _money(sums[2])}


def _money(value: Decimal) -> str:
    return str(value.quantize(CENTS, ROUND_HALF_UP))
