"""Walks through the life of a visit, through the front door: what is answered is what the table says."""

from random import Random
from typing import Any

import pytest

from crm.visits.rules import MOVES, OF_THE_PRODUCT, moves_from
from crm.visits.vocabulary import Move, State
from tests.conftest import Client, Facts
from tests.factories import Workspace
from tests.visits.steps import act, at, place, plan, report

ASKED: tuple[Move, ...] = ("update", "reschedule", "confirm", "start", "complete", "cancel", "review")


async def attempt(client: Client, visit: dict[str, Any], move: Move, lei: str, step: int) -> Any:
    """Try this move."""
    days = {"planned_start": at(days=-step - 3), "planned_end": at(days=-step - 3, hours=-1), "reason": f"{step}"}
    bodies: dict[Move, Any] = {
        "reschedule": days,
        "complete": report(lei),
        "cancel": {"reason": "Ill"},
        "review": {"review": "Good."},
    }
    if move == "update":
        return await client.patch(f"/v1/visits/{visit['id']}", json={"subject": f"Step {step}"})
    return await act(client, visit, move, bodies.get(move))


@pytest.mark.parametrize("seed", range(12))
async def test_a_visit_does_what_the_table_says_and_its_history_says_what_it_did(
    client: Client, workspace: Workspace, events: Facts, seed: int
) -> None:
    random = Random(seed)
    customer_id, lei = await place(client)
    anna, manager = str(workspace.anna.id), str(workspace.manager.id)
    visit = await plan(client, customer_id, owner_id=anna, supervisor_id=manager)
    state: State = "planned"
    walked: list[tuple[State | None, State]] = [(None, "planned")]
    for step in range(12):
        # Rarely the end: a walk that is over after two steps shows little.
        move = random.choices(ASKED, weights=(2, 3, 3, 3, 1, 1, 2))[0]
        row = MOVES.get((state, move))
        answer = await attempt(client, visit, move, lei, step)
        assert answer.status_code == (200 if row else 409), (state, move, answer.text)
        if row is None:
            assert answer.json()["state"] == state
        else:
            visit, state = answer.json(), row.target
            if move != "update":
                walked.append((row.source, row.target))
        assert visit["state"] == state
        assert visit["moves"] == list(moves_from(state))
    moves = (await client.get(f"/v1/visits/{visit['id']}/moves", params={"sort": "occurred_at"})).json()["data"]
    assert [(one["from_state"], one["to_state"]) for one in moves] == walked
    assert visit["reschedule_count"] == sum(one["type"] == "visit.rescheduled" for one in moves)
    facts = [fact for fact in await events() if fact["subject_type"] == "visit"]
    assert [fact["sequence"] for fact in facts] == list(range(1, len(facts) + 1))
    assert facts[-1]["payload"]["state"] == state
    assert not OF_THE_PRODUCT & set(visit["moves"])


async def test_the_history_says_who_why_and_for_when(client: Client, clients: Any, workspace: Workspace) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id, owner_id=str(workspace.anna.id))
    times = {"planned_start": "2027-03-01T01:00:00.000000Z", "planned_end": "2027-03-01T02:00:00.000000Z"}
    await act(client, visit, "reschedule", times | {"reason": "Snow"})
    await client.get(f"/v1/visits/{visit['id']}")
    await act(clients(workspace.anna.token), visit, "cancel", {"reason": "No budget", "by": "customer"})
    found = (await client.get(f"/v1/visits/{visit['id']}/moves")).json()["data"]
    assert [(one["type"], one["by"]["name"], one["reason"]) for one in found] == [
        ("visit.cancelled", "Anna Sales", "No budget"),
        ("visit.rescheduled", "Ada Admin", "Snow"),
        ("visit.planned", "Ada Admin", None),
    ]
    assert {name: found[0][name] for name in times} == times
    assert found[2]["planned_start"] == visit["planned_start"]
    ben = clients(workspace.ben.token)
    assert (await ben.get(f"/v1/visits/{visit['id']}/moves")).status_code == 404
    cancelled = (await client.get(f"/v1/visits/{visit['id']}")).json()
    assert (cancelled["cancelled_by"], cancelled["moves"]) == ("customer", [])
