"""The report on complaints (``domain.md`` B7, B9, A197): one statement counts, Python divides."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson

from crm import clock
from crm.complaint_reports import formulas
from crm.complaint_reports.counting import counted
from crm.complaint_reports.figures import Answers, Handled, iceberg
from crm.complaint_reports.schemas import ComplaintSlice
from crm.complaint_reports.vocabulary import GroupBy
from crm.database import Access
from crm.errors import invalid

LONGEST_DAYS = 3_660
USUAL_DAYS = 365

Key = str | None


async def report(access: Access, wanted: ComplaintSlice) -> bytes:
    """The numbers of a period. Raises 422 for a period that ends before it begins, or is longer than ten years."""
    since, until = _period(access, wanted)
    given, by = wanted.given(), wanted.group_by
    before = _before(since, until, by)
    found = counted(access.actor.sight, by, frozenset(given))
    (row,) = await access.rows(found, since=since, until=until, before=before, **given)
    parts: dict[str, Any] = {name: orjson.loads(text or "[]") for name, text in row.items() if name != "currency"}
    lines = _lines(parts, by)
    total = _total(parts)
    rates = access.actor.settings["iceberg"]
    said = iceberg(total["handled"].received, rates["complaining_percent"], rates["told_each"])
    answer = {
        "from": since,
        "to": until,
        "group_by": by,
        "currency": row["currency"],
        "data": [_shown(key, line) for key, line in lines],
        "total": _shown(None, total),
        "iceberg": {
            "complaints": total["handled"].received,
            **rates,
            "unhappy": said.unhappy,
            "silent": said.silent,
            "told_at_least": said.told_at_least,
            "caution": formulas.CAUTION,
            "caution_zh": formulas.CAUTION_ZH,
        },
        "formulas": formulas.in_words(),
    }
    return orjson.dumps(answer)


def _period(access: Access, wanted: ComplaintSlice) -> tuple[date, date]:
    until = wanted.until or clock.today(access.actor.timezone)
    since = wanted.since or max(until, date.min + timedelta(USUAL_DAYS)) - timedelta(days=USUAL_DAYS - 1)
    if not date(1970, 1, 1) <= since <= until < date(3000, 1, 1):
        raise invalid("query:from", "A period begins in 1970 or later, and before it ends.", "period")
    if (until - since).days >= LONGEST_DAYS:
        raise invalid("query:from", f"A period has at most {LONGEST_DAYS} days.", "period_too_long")
    return since, until


def _before(since: date, until: date, by: GroupBy | None) -> date:
    """The day from which answers are counted to compare with: so many days before, or the month before."""
    if by == "month":
        return (since.replace(day=1) - timedelta(days=1)).replace(day=1)
    return since - (until - since) - timedelta(days=1)


def _lines(parts: Mapping[str, Any], by: GroupBy | None) -> list[tuple[Key, dict[str, Any]]]:
    if by is None:
        return []
    handled, now, before = _handled(parts), _answers(parts, now=True), _answers(parts, now=False)
    customers: dict[Key, int] = {row["key"]: row["n"] for row in parts["customers"]}
    names: dict[Key, str] = {row["key"]: row["name"] for row in parts["names"]}
    everyone = sum(customers.values())
    if by == "team":
        above = {row["key"]: row["above"] for row in parts["names"]}
        handled, now, before = (_with_those_below(one, above) for one in (handled, now, before))
        customers = _with_those_below(customers, above)
    lines = []
    for key in sorted(handled, key=lambda key: (key is None, names.get(key) or key or "")):
        of, then = everyone, before[key]
        if by == "team":
            of = customers.get(key, 0)
        if by == "month" and key is not None:
            of = sum(n for month, n in customers.items() if month is not None and month <= key)
            last = (date.fromisoformat(key) - timedelta(days=1)).replace(day=1).isoformat()
            then = before[last] + now[last]
        line = {"handled": handled[key], "customers": of, "now": now[key], "before": then, "name": names.get(key)}
        lines.append((key, line))
    return lines


def _total(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "handled": sum(_handled(parts).values(), Handled()),
        "customers": sum(row["n"] for row in parts["customers"]),
        "now": sum(_answers(parts, now=True).values(), Answers()),
        "before": sum(_answers(parts, now=False).values(), Answers()),
        "name": None,
    }


def _handled(parts: Mapping[str, Any]) -> dict[Key, Handled]:
    found = {
        row["key"]: Handled(**{name: n for name, n in row.items() if name != "key"} | {"cost": Decimal(row["cost"])})
        for row in parts["handled"]
    }
    for row in parts["promises"]:
        line = found[row["key"]]
        setattr(line, f"{row['kind']}_kept", row["kept"])
        setattr(line, f"{row['kind']}_decided", row["decided"])
    return found


def _answers(parts: Mapping[str, Any], *, now: bool) -> defaultdict[Key, Answers]:
    found: defaultdict[Key, Answers] = defaultdict(Answers)
    for row in parts["rated"]:
        if row["now"] is now:
            found[row["key"]] += Answers(rated=row["rated"], content=row["content"])
    for row in parts["recommended"]:
        if row["now"] is now:
            found[row["key"]] += Answers(0, 0, row["recommending"], row["promoters"], row["detractors"])
    return found


def _with_those_below(lines: Mapping[Key, Any], above: Mapping[Key, Key]) -> defaultdict[Key, Any]:
    """Each team with all the teams below it, as far as a tree goes; what has no team stays by itself."""
    found: dict[Key, Any] = {}
    for key, line in lines.items():
        for team in _upwards(key, above):
            found[team] = found[team] + line if team in found else line
    return defaultdict(Answers, found)


def _upwards(key: Key, above: Mapping[Key, Key]) -> Iterable[Key]:
    seen: list[Key] = [key]
    while (key := above.get(key)) is not None and key not in seen:
        seen.append(key)
    return seen


def _shown(key: Key, line: Mapping[str, Any]) -> dict[str, Any]:
    handled: Handled = line["handled"]
    return {
        "key": key,
        "name": line["name"],
        "unconverted": handled.unconverted,
        "figures": handled.figures(line["customers"], line["now"], line["before"]),
    }
