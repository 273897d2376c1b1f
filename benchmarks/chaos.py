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
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import httpx

from benchmarks.chaos_page import BOUND, page, sentence
from benchmarks.faults import Chaos
from benchmarks.outcomes import Late, Outcome, Plan
from benchmarks.receiver import Receiver
from benchmarks.surroundings import Ground, World, ground, world
from benchmarks.tidy import end_tidily
from benchmarks.unfenced import DROP_THE_KEY

CHAOS = Path(__file__).with_name("CHAOS.md")
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
       (SELECT count(*) FROM events WHERE type = 'customer.created') AS customers_told
"""
SAID = """
SELECT e.id::text AS fact, extract(epoch FROM r.fire_at)::float8 AS due, extract(epoch FROM r.fired_at)::float8 AS fired
FROM events AS e JOIN reminders AS r ON r.workspace_id = e.workspace_id AND r.id = e.subject_id
WHERE e.type = 'reminder.fired' AND r.fire_at > $1
"""
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
    await _measure(around, outcome, receiver, began["moment"])
    outcome.arrived, outcome.arrivals = len(receiver.seen) - before, receiver.seen.total() - seen
    return outcome


async def _found(around: World, before: dict[str, Any] | None) -> dict[str, Any]:
    """What there is now, or what has come since."""
    owner = await around.owner()
    (row,) = await owner.fetch(FOUND)
    await owner.close()
    found = dict(row)
    for name in found.keys() - {"moment"} if before else ():
        found[name] -= before[name]  # type: ignore[index]  # there is one, or there were no names
    return found


async def _measure(around: World, outcome: Outcome, receiver: Receiver, since: datetime) -> None:
    """How late everything was."""
    owner = await around.owner()
    said = await owner.fetch(SAID, since)
    await owner.close()

    def able(moment: float, done: float) -> float:
        """Without the outages between."""
        return done - moment - sum(max(0.0, min(done, end) - max(moment, begin)) for begin, end in outcome.outages)

    outcome.late = Late.of(row["fired"] - row["due"] for row in said)
    outcome.able = Late.of(able(row["due"], row["fired"]) for row in said)
    came = [(row["due"], receiver.came[row["fact"]]) for row in said if row["fact"] in receiver.came]
    outcome.arriving = Late.of(able(*each) for each in came)


async def _break(around: World, plan: Plan, outcome: Outcome) -> None:
    """One fault after the other, drawn by chance; each heals by itself."""
    chance = random.Random(plan.seed)
    chaos = Chaos(around, chance)
    outcome.outages = chaos.outages
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
    asked, began = parser.parse_args(), monotonic()
    end_tidily()
    with ground() as on:
        broken = asyncio.run(run(Plan(asked.reminders, asked.seconds, asked.faults), on))
        print(sentence("faults", broken), flush=True)
        # Nothing is killed: the two workers alone must be enough to say things twice.
        control = Plan(asked.reminders // 5, asked.seconds / 5, 0, worker="benchmarks.unfenced:run", first=DROP_THE_KEY)
        unfenced = asyncio.run(run(control, on))
        print(sentence("control", unfenced), flush=True)
        away = asyncio.run(run(Plan(1_000, asked.outage + 20, 0, outage=asked.outage), on))
        print(sentence("queue away", away), flush=True)
    good = broken.lost == broken.twice == away.lost == away.twice == 0 and not away.refusals and unfenced.twice > 0
    good = good and broken.able.most <= BOUND and away.late.most <= BOUND
    runs = {"faults": broken, "the control: no fences": unfenced, f"queue away {asked.outage:.0f} s": away}
    told = page(runs, (monotonic() - began) / 60)
    CHAOS.write_text(told, encoding="utf-8")
    print(told)
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
