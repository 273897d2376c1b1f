"""Reminders and deliveries while everything around them is killed, stopped, emptied and cut off.

``python -m benchmarks.chaos`` is the long run: 10,000 under a hundred faults, then a control whose fences are removed,
then a queue that is away for a minute; it writes ``CHAOS.md``. ``tests/chaos`` runs the same in short.

Of each reminder there must be one notification and one fact, whatever happens, and its delivery must arrive. That an
arrival may come twice is promised so (at least once, same ``webhook-id``): a receiver that looks at the id takes one.
"""

import argparse
import asyncio
import os
import random
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import httpx

from benchmarks.surroundings import Chaos, Ground, Receiver, World, ground, world
from benchmarks.tidy import end_tidily
from benchmarks.unfenced import DROP_THE_KEY

CHAOS = Path(__file__).with_name("CHAOS.md")
HEAD = """# Reminders and deliveries under fire

`python -m benchmarks.chaos`, {when:%Y-%m-%d %H:%M} UTC; {state}. Two workers, an API, twenty workspaces of which one
owns 60 %; faults at even distances, drawn by chance. Lateness counts from the reminder's moment to its firing; a
delivery that a killed worker held waits for its lease (30 s). Arrivals that come again have the same `webhook-id`.

| run | reminders | faults | lost | twice | arrived again | late p50 / p99 / max (s) | settled after the last fault | \
asked of the API | refused |
|---|---|---|---|---|---|---|---|---|---|"""
PATIENCE = 120.0

PLAN = """
INSERT INTO reminders (workspace_id, user_id, subject_type, subject_id, title, fire_at, dedupe_key)
SELECT ($1::uuid[])[place], ($2::uuid[])[place], 'task', gen_random_uuid(), 'Call ' || n,
       now() + make_interval(secs => $4::float8 + random() * $5::float8), 'chaos:' || uuidv7()
FROM (SELECT n, CASE WHEN random() < 0.6 THEN 1 ELSE 1 + floor(random() * cardinality($1::uuid[]))::int END AS place
      FROM generate_series(1, $3::int) AS n) AS drawn
"""
FOUND = """
SELECT now() AS moment, (SELECT count(*) FROM reminders WHERE state = 'fired') AS fired,
       (SELECT count(*) FROM notifications) AS told,
       (SELECT count(DISTINCT reminder_id) FROM notifications) AS told_of,
       (SELECT count(*) FROM events WHERE type = 'reminder.fired') AS facts,
       (SELECT count(DISTINCT subject_id) FROM events WHERE type = 'reminder.fired') AS facts_of,
       (SELECT count(*) FROM webhook_deliveries WHERE state = 'delivered') AS delivered,
       (SELECT count(*) FROM customers) AS customers,
       (SELECT count(*) FROM events WHERE type = 'customer.created') AS customers_told,
       (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY late) FROM reminders,
               LATERAL (SELECT extract(epoch FROM fired_at - fire_at)::float8 AS late) AS l
        WHERE fire_at > $1) AS p50,
       (SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY late) FROM reminders,
               LATERAL (SELECT extract(epoch FROM fired_at - fire_at)::float8 AS late) AS l
        WHERE fire_at > $1) AS p99,
       (SELECT max(extract(epoch FROM fired_at - fire_at))::float8 FROM reminders WHERE fire_at > $1) AS most
"""
LATE = ("p50", "p99", "most")
ALL_DONE = """
SELECT NOT EXISTS (SELECT FROM reminders WHERE state = 'scheduled' AND dedupe_key LIKE 'chaos:%')
   AND NOT EXISTS (SELECT FROM events WHERE published_at IS NULL)
   AND NOT EXISTS (SELECT FROM webhook_deliveries WHERE state = 'pending')
"""

LEFT = """
SELECT 'reminders' AS what, state, NULL AS error, count(*) FROM reminders
WHERE state = 'scheduled' AND dedupe_key LIKE 'chaos:%' GROUP BY 2
UNION ALL
SELECT 'deliveries', 'leased ' || (lease_id IS NOT NULL) || ', attempts ' || attempts || ', due in ' ||
       extract(epoch FROM next_attempt_at - now())::int, last_error, count(*)
FROM webhook_deliveries WHERE state = 'pending' GROUP BY 2, 3
UNION ALL
SELECT 'facts', type, NULL, count(*) FROM events WHERE published_at IS NULL GROUP BY 2
"""


@dataclass(frozen=True)
class Plan:
    """What is to happen: so many reminders falling due within so many seconds, and so many faults meanwhile."""

    reminders: int
    seconds: float
    faults: int
    workspaces: int = 20
    workers: int = 2
    worker: str = "services.worker.main:main"
    seed: int = 7
    first: str | None = None
    """What is changed in the database before."""
    outage: float = 0.0
    """Seconds that the queue is away, as the one fault there is."""
    waits_for_leases: bool = True
    """Otherwise what a dead worker or queue holds is set free when the faults are over, as if its time was up."""
    has_api: bool = True
    """Otherwise nobody is asked for anything, and nothing is delivered: it is about firing alone."""


@dataclass
class Outcome:
    """What became of it. ``lost`` and ``twice`` are over notifications, facts, arrivals and what the API was asked."""

    plan: Plan
    faults: Counter[str] = field(default_factory=Counter)
    found: dict[str, Any] = field(default_factory=dict)
    arrived: int = 0
    arrivals: int = 0
    asked: int = 0
    refusals: Counter[int] = field(default_factory=Counter)
    settled_after: float = 0.0

    @property
    def lost(self) -> int:
        """What did not happen and should have."""
        number, found = self.plan.reminders, self.found
        short = [number - found[name] for name in ("fired", "told_of", "facts_of")]
        short += [number - self.arrived] if self.plan.has_api else []
        unmade: int = max(0, self.asked - found["customers"])
        return sum(max(0, int(each)) for each in short) + unmade

    @property
    def twice(self) -> int:
        """What happened once more than it should have."""
        found = self.found
        extra: int = (found["told"] - found["told_of"]) + (found["facts"] - found["facts_of"])
        return extra + max(0, int(found["customers_told"]) - self.asked)


async def run(plan: Plan, on: Ground) -> Outcome:
    """Let it happen, wait until all is settled, and count. Raises ``TimeoutError`` when that does not come."""
    (outcome,) = await run_in_turn([plan], on)
    return outcome


async def run_in_turn(plans: Sequence[Plan], on: Ground) -> list[Outcome]:
    """One after the other in the same world, which is as the first of them says."""
    first, outcomes = plans[0], list[Outcome]()
    with world(on, first.workspaces, workers=first.workers, worker=first.worker, has_api=first.has_api) as around:
        async with Receiver() as receiver:
            await around.begin(receiver.url)
            for plan in plans:
                outcomes.append(await _run(plan, around, receiver))
    return outcomes


async def _run(plan: Plan, around: World, receiver: Receiver) -> Outcome:
    outcome = Outcome(plan)
    began, before, seen = await _found(around, None), len(receiver.seen), receiver.seen.total()
    owner = await around.owner()
    if plan.first is not None:
        await owner.execute(plan.first)
    await owner.execute(PLAN, around.homes, around.people, plan.reminders, 1.0, plan.seconds)
    await owner.close()
    stopping = asyncio.Event()
    asking = [asyncio.create_task(_ask(around, outcome, stopping)) for _ in range(2 if plan.has_api else 0)]
    await (_away(around, plan, outcome) if plan.outage else _break(around, plan, outcome))
    ended = monotonic()
    stopping.set()
    await asyncio.gather(*asking)
    await _settle(around, plan)
    outcome.settled_after = monotonic() - ended
    outcome.found = await _found(around, began)
    outcome.arrived, outcome.arrivals = len(receiver.seen) - before, receiver.seen.total() - seen
    return outcome


async def _found(around: World, before: dict[str, Any] | None) -> dict[str, Any]:
    """What there is now, or what has come since."""
    since = before["moment"] if before else datetime(2000, 1, 1, tzinfo=UTC)
    owner = await around.owner()
    (row,) = await owner.fetch(FOUND, since)
    await owner.close()
    found = dict(row)
    for name in found.keys() - {*LATE, "moment"} if before else ():
        found[name] -= before[name]  # type: ignore[index]  # there is one, or there were no names
    return found


async def _break(around: World, plan: Plan, outcome: Outcome) -> None:
    """One fault after the other, drawn by chance; each heals by itself."""
    chance = random.Random(plan.seed)
    chaos = Chaos(around, chance)
    rare = min(1, plan.faults) if plan.faults < 50 else plan.faults // 25
    drawn = ["postgres killed"] * rare + ["queue killed"] * rare
    drawn += chance.choices(list(chaos.kinds), list(chaos.weights), k=max(0, plan.faults - len(drawn)))
    chance.shuffle(drawn)
    began, healing = monotonic(), set[asyncio.Task[None]]()
    for number, kind in enumerate(drawn):
        await asyncio.sleep(max(0.0, began + 1 + number * plan.seconds / len(drawn) - monotonic()))
        outcome.faults[kind] += 1
        healing.add(asyncio.create_task(chaos.cause(kind)))
    await asyncio.gather(*healing)
    await asyncio.sleep(max(0.0, began + 1 + plan.seconds - monotonic()))


async def _away(around: World, plan: Plan, outcome: Outcome) -> None:
    """The queue is gone for a while and comes back."""
    await asyncio.sleep(2)
    outcome.faults["queue away"] += 1
    around.queue.kill()
    await asyncio.sleep(plan.outage)
    await asyncio.to_thread(around.queue.start)
    await asyncio.sleep(max(0.0, plan.seconds - plan.outage - 2))


async def _ask(around: World, outcome: Outcome, stopping: asyncio.Event) -> None:
    """A phone that makes customers and asks again, under the same key, until it is answered that there is one."""
    async with httpx.AsyncClient(base_url=around.api_url, timeout=5, trust_env=False) as client:
        while not stopping.is_set():
            name, place = os.urandom(8).hex(), random.randrange(len(around.tokens))
            headers = {"Authorization": f"Bearer {around.tokens[place]}", "Idempotency-Key": name}
            while True:
                with suppress(httpx.TransportError):
                    answer = await client.post("/v1/customers", json={"name": name}, headers=headers)
                    if answer.status_code == 201:
                        break
                    outcome.refusals[answer.status_code] += 1
                await asyncio.sleep(0.2)
            outcome.asked += 1
            await asyncio.sleep(0.05)


async def _settle(around: World, plan: Plan) -> None:
    """Until nothing waits any more."""
    if not plan.waits_for_leases:
        owner = await around.owner()
        for held in ("leased_until", "hinted_until"):
            await owner.execute(f"UPDATE webhook_deliveries SET {held} = now() WHERE {held} > now()")
        await owner.close()
    until = monotonic() + PATIENCE + plan.reminders / 20
    while not await _says(around, ALL_DONE):
        if monotonic() > until:
            owner = await around.owner()
            left = [dict(row) for row in await owner.fetch(LEFT)]
            await owner.close()
            raise TimeoutError(f"not everything was settled: {left}")
        await asyncio.sleep(0.25)


async def _says(around: World, question: str) -> bool:
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        owner = await around.owner()
        try:
            return bool(await owner.fetchval(question))
        finally:
            await owner.close()
    return False


def main() -> int:
    """Three runs, and the page about them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reminders", type=int, default=10_000)
    parser.add_argument("--faults", type=int, default=110)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--outage", type=float, default=60.0)
    asked = parser.parse_args()
    end_tidily()
    with ground() as on:
        broken = asyncio.run(run(Plan(asked.reminders, asked.seconds, asked.faults), on))
        print(_sentence("faults", broken), flush=True)
        # Nothing is killed: the two workers alone must be enough to say things twice.
        control = Plan(asked.reminders // 5, asked.seconds / 5, 0, worker="benchmarks.unfenced:run", first=DROP_THE_KEY)
        unfenced = asyncio.run(run(control, on))
        print(_sentence("control", unfenced), flush=True)
        away = asyncio.run(run(Plan(1_000, asked.outage + 20, 0, outage=asked.outage), on))
        print(_sentence("queue away", away), flush=True)
    good = broken.lost == broken.twice == away.lost == away.twice == 0 and not away.refusals and unfenced.twice > 0
    runs = (("faults", broken), ("the control: no fences", unfenced), (f"queue away {asked.outage:.0f} s", away))
    CHAOS.write_text(_page(runs), encoding="utf-8")
    return 0 if good else 1


def _page(runs: Iterable[tuple[str, Outcome]]) -> str:
    rows = [_row(name, outcome) for name, outcome in runs]
    state = f"{os.cpu_count()} processors, load average afterwards {os.getloadavg()[1]:.1f}"
    return "\n".join([HEAD.format(when=datetime.now(UTC), state=state), *rows, ""])


def _row(name: str, outcome: Outcome) -> str:
    plan, found = outcome.plan, outcome.found
    late = " / ".join(f"{found[part]:.2f}" for part in ("p50", "p99", "most"))
    faults = ", ".join(f"{number} × {kind}" for kind, number in sorted(outcome.faults.items())) or "none"
    refused = ", ".join(f"{number} × {status}" for status, number in sorted(outcome.refusals.items())) or "none"
    again = outcome.arrivals - outcome.arrived
    return (
        f"| {name} | {plan.reminders:,} | {faults} | {outcome.lost} | {outcome.twice} | {again} | {late} | "
        f"{outcome.settled_after:.0f} s | {outcome.asked:,} | {refused} |"
    )


def _sentence(name: str, outcome: Outcome) -> str:
    return f"{name}: {outcome.lost} lost, {outcome.twice} twice, latest {outcome.found['most']:.1f} s"


if __name__ == "__main__":
    raise SystemExit(main())
