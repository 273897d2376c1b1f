"""Everything around reminders is killed, stopped, emptied and cut off: none is lost, none is said twice."""

from collections.abc import Iterator

import pytest

from benchmarks.chaos import Plan, run
from benchmarks.surroundings import Ground, ground
from benchmarks.unfenced import DROP_THE_KEY

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def servers_to_break() -> Iterator[Ground]:
    """A Postgres and a Valkey of one's own."""
    with ground() as found:
        yield found


async def test_nothing_is_lost_and_nothing_happens_twice_whatever_is_killed(servers_to_break: Ground) -> None:
    plan = Plan(reminders=300, seconds=8, faults=14, workspaces=4, waits_for_leases=False)
    outcome = await run(plan, servers_to_break)
    assert {"postgres killed", "queue killed", "worker killed"} <= outcome.faults.keys()
    assert outcome.faults.total() == 14
    assert (outcome.lost, outcome.twice) == (0, 0), outcome
    assert outcome.found["delivered"] == outcome.arrived == 300
    # Whoever was asked for something either did it or said that it could not just now.
    assert outcome.asked > 0
    assert outcome.refusals.keys() <= {503, 504}, outcome


async def test_the_control_without_fences_says_things_twice(servers_to_break: Ground) -> None:
    plan = Plan(
        reminders=200,
        seconds=4,
        faults=0,
        workspaces=4,
        worker="benchmarks.unfenced",
        first=DROP_THE_KEY,
        waits_for_leases=False,
    )
    outcome = await run(plan, servers_to_break)
    assert outcome.twice > 0, outcome


async def test_with_the_queue_away_no_request_fails_and_reminders_come_in_time(servers_to_break: Ground) -> None:
    plan = Plan(reminders=100, seconds=9, faults=0, workspaces=4, outage=4, waits_for_leases=False)
    outcome = await run(plan, servers_to_break)
    assert outcome.faults == {"queue away": 1}
    assert (outcome.lost, outcome.twice) == (0, 0), outcome
    assert not outcome.refusals
    assert outcome.asked > 0
    assert outcome.found["most"] < 10
