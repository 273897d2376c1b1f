"""The page about runs of chaos (``CHAOS.md``)."""

import os
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from benchmarks.outcomes import Outcome
from crm.reminders import due
from crm.webhooks.due import HINT
from crm.webhooks.leases import LEASE
from services.worker.rounds import PROMPT_BACKOFF

HEAD = """# Reminders and deliveries under fire

`python -m benchmarks.chaos`, {when:%Y-%m-%d %H:%M} UTC; {state}; it took {minutes:.0f} minutes.
Two workers, an API, twenty workspaces of which one owns 60 %; faults at even distances, drawn by chance, each when its
time has come, whether or not the one before is mended. Arrivals that come again have the same `webhook-id`.

Lateness counts from a reminder's moment to its firing. *Outages* are when no worker or no Postgres was there; a worker
counts as there from the moment it is started, Postgres from when it takes connections. What is late without them is
bounded by the {lease} s after which a worker that stands still lets go of what it has taken, by a look every half
second, {backoff:.0f} s of back-off and the start of a worker. A delivery waits for the lease of the worker that was
killed over it ({held:.0f} s), and for a hint that was lost ({hint:.0f} s); each fault that hits it begins that anew.

| | {names} |
|---|{lines}|"""
BOUND = 10.0
"""Seconds that a reminder may be late, outages aside: what the page says, put together."""


def page(runs: Mapping[str, Outcome], minutes: float) -> str:
    state = f"{os.cpu_count()} processors, load average afterwards {os.getloadavg()[1]:.1f}"
    head = HEAD.format(
        when=datetime.now(UTC),
        state=state,
        minutes=minutes,
        lease=due.STANDS_STILL.removesuffix("s"),
        backoff=PROMPT_BACKOFF,
        held=LEASE.total_seconds(),
        hint=HINT.total_seconds(),
        names=" | ".join(runs),
        lines="|".join("---" for _ in runs),
    )
    columns = [_figures(outcome) for outcome in runs.values()]
    rows = [f"| {name} | {' | '.join(column[name] for column in columns)} |" for name in columns[0]]
    return "\n".join([head, *rows, ""])


def _figures(outcome: Outcome) -> dict[str, str]:
    away = [end - begin for begin, end in outcome.outages]
    return {
        "reminders": f"{outcome.plan.reminders:,} in {outcome.plan.seconds:.0f} s",
        "faults": _counted(outcome.faults),
        "lost": f"**{outcome.lost}**",
        "twice": f"**{outcome.twice}**",
        "late p50 / p99 / max (s)": str(outcome.late),
        "outages": f"{len(away)}, {sum(away):.0f} s in all, the longest {max(away, default=0):.1f} s",
        f"late without outages (s; bar: max ≤ {BOUND:.0f})": str(outcome.able),
        "deliveries late without outages (s)": str(outcome.arriving),
        "deliveries that arrived again": str(outcome.arrivals - outcome.arrived),
        "everything settled after the last fault (s)": f"{outcome.settled_after:.0f}",
        "asked of the API": f"{outcome.asked:,}",
        "refused": _counted(outcome.refusals),
    }


def _counted(what: Counter[Any]) -> str:
    return ", ".join(f"{number} × {each}" for each, number in sorted(what.items())) or "none"


def sentence(name: str, outcome: Outcome) -> str:
    late = f"latest {outcome.late.most:.1f} s, {outcome.able.most:.1f} s without outages"
    return f"{name}: {outcome.lost} lost, {outcome.twice} twice, {late}"
