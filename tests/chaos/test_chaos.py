"""Everything around reminders is killed, stopped, emptied and cut off: none is lost, none is said twice."""

import asyncio
from dataclasses import dataclass

import pytest

from benchmarks.chaos import run, run_in_turn
from benchmarks.outcomes import Outcome, Plan
from benchmarks.surroundings import ground
from benchmarks.unfenced import DROP_THE_KEY

pytestmark = pytest.mark.process

UNFENCED = Plan(
    reminders=40,
    seconds=1.0,
    faults=0,
    workspaces=4,
    worker="benchmarks.unfenced:run",
    first=DROP_THE_KEY,
    has_api=False,
)
QUEUE_AWAY = Plan(reminders=100, seconds=5, faults=0, workspaces=4, outage=2.5, waits_for_leases=False)
FAULTS = Plan(reminders=300, seconds=6, faults=14, workspaces=4, waits_for_leases=False)


@dataclass(frozen=True)
class Outcomes:
    """What became of each."""

    unfenced: Outcome
    queue_away: Outcome
    faults: Outcome


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    """All that happens, on a Postgres and a Valkey of one's own: the control, then the queue away, then the faults."""
    with ground() as servers:
        unfenced = asyncio.run(run(UNFENCED, servers))
        return Outcomes(unfenced, *asyncio.run(run_in_turn([QUEUE_AWAY, FAULTS], servers)))


def test_nothing_is_lost_and_nothing_happens_twice_whatever_is_killed(outcomes: Outcomes) -> None:
    outcome = outcomes.faults
    assert {"postgres killed", "queue killed", "worker killed"} <= outcome.faults.keys()
    assert outcome.faults.total() == 14
    assert (outcome.lost, outcome.twice) == (0, 0), outcome
    assert outcome.found["delivered"] == outcome.arrived == 300
    # Whoever was asked for something either did it or said that it could not just now.
    assert outcome.asked > 0
    assert outcome.refusals.keys() <= {503, 504}, outcome


def test_the_control_without_fences_says_things_twice(outcomes: Outcomes) -> None:
    assert outcomes.unfenced.twice > 0, outcomes.unfenced


def test_with_the_queue_away_no_request_fails_and_reminders_come_in_time(outcomes: Outcomes) -> None:
    outcome = outcomes.queue_away
    assert outcome.faults == {"queue away": 1}
    assert (outcome.lost, outcome.twice) == (0, 0), outcome
    assert not outcome.refusals
    assert outcome.asked > 0
    assert outcome.late.most < 10
