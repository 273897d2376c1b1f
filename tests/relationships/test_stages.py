"""The five stages of a relationship: one step forward at a time, back with a reason, an end, and a new beginning."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.customers.stages import STEPS, steps_from, steps_to
from crm.customers.vocabulary import Stage
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.relationships.steps import done, history, new_contact, new_customer

BOTH = {"reason": "They asked for it.", "evidence": "Order 4711."}
ORDER: tuple[Stage, ...] = ("awareness", "exploration", "expansion", "commitment")


async def at_stage(client: Client, stage: Stage) -> str:
    """The path of a customer at this stage."""
    path = await new_customer(client)
    steps = ("dissolution",) if stage == "dissolution" else ORDER[1 : ORDER.index(stage) + 1]
    for step in steps:
        await done(client, f"{path}/stage", {"to": step, **BOTH})
    return path


async def visited(client: Client, path: str) -> None:
    """A visit was made and closed."""
    contact_id = await new_contact(client, path)
    start = datetime.now(UTC) + timedelta(minutes=5)
    plan = {"planned_start": start.isoformat(), "planned_end": (start + timedelta(hours=1)).isoformat()}
    visit = await done(client, "/v1/visits", {"customer_id": path.rsplit("/", 1)[1], "purpose": "care", **plan})
    report = {"result": "They liked it.", "met_contact_ids": [contact_id], "none_needed": True}
    await done(client, f"/v1/visits/{visit['id']}/complete", report)


@pytest.mark.parametrize("here", get_args(Stage))
@pytest.mark.parametrize("to", get_args(Stage))
async def test_from_each_stage_exactly_the_steps_of_the_table_can_be_made(
    client: Client, here: Stage, to: Stage
) -> None:
    path = await at_stage(client, here)
    response = await client.post(f"{path}/stage", json={"to": to, **BOTH})
    if to == here or (here, to) in STEPS:
        assert response.status_code == 200, response.text
        assert response.json()["relationship_stage"] == to
    else:
        refused = problem(response, 409, "stage_move_not_allowed")
        assert (refused["stage"], refused["allowed"]) == (here, steps_from(here))


@pytest.mark.parametrize(
    ("here", "sent", "missing"),
    [
        ("awareness", {"to": "exploration"}, ["completed_visit_or_evidence"]),
        ("awareness", {"to": "exploration", "reason": "x"}, ["completed_visit_or_evidence"]),
        ("exploration", {"to": "expansion"}, ["two_won_opportunities_or_evidence"]),
        ("expansion", {"to": "commitment"}, ["evidence"]),
        ("commitment", {"to": "awareness", "evidence": "x"}, ["reason"]),
        ("awareness", {"to": "dissolution"}, ["reason"]),
    ],
)
async def test_each_step_needs_what_shows_it(
    client: Client, here: Stage, sent: dict[str, Any], missing: list[str]
) -> None:
    path = await at_stage(client, here)
    refused = problem(await client.post(f"{path}/stage", json=sent), 409, "requirements_missing")
    assert refused["missing"] == missing
    assert (await client.get(path)).json()["relationship_stage"] == here


async def test_a_completed_visit_is_enough_for_exploration(client: Client) -> None:
    path = await new_customer(client)
    await visited(client, path)
    assert (await done(client, f"{path}/stage", {"to": "exploration"}))["relationship_stage"] == "exploration"


async def test_an_end_needs_no_more_than_a_reason_and_a_new_beginning_nothing(client: Client, events: Facts) -> None:
    path = await at_stage(client, "expansion")
    ended = await done(client, f"{path}/stage", {"to": "dissolution", "reason": "It cost more than it brought."})
    assert (ended["stage_reason"], ended["stage_evidence"]) == ("It cost more than it brought.", None)
    again = await done(client, f"{path}/stage", {"to": "awareness"})
    assert (again["relationship_stage"], again["stage_reason"]) == ("awareness", None)
    facts = await events("customer.relationship_stage_changed")
    assert [fact["changes"]["relationship_stage"] for fact in facts[-2:]] == [
        ["expansion", "dissolution"], ["dissolution", "awareness"],
    ]  # fmt: skip
    steps = await history(client, f"{path}/stage-history")
    assert [(step["to"], step["reason"], step["evidence"]) for step in steps[-3:]] == [
        ("expansion", BOTH["reason"], BOTH["evidence"]),
        ("dissolution", "It cost more than it brought.", None),
        ("awareness", None, None),
    ]


async def test_to_be_where_one_is_changes_nothing(client: Client, events: Facts) -> None:
    path = await at_stage(client, "exploration")
    before = await events.types()
    await done(client, f"{path}/stage", {"to": "exploration", "reason": "again"})
    assert await events.types() == before


async def test_an_archived_customer_and_one_of_somebody_else_stay_where_they_are(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    path = await new_customer(anna)
    problem(await ben.post(f"{path}/stage", json={"to": "exploration", **BOTH}), 404, "not_found")
    problem(await ben.get(f"{path}/stage-history"), 404, "not_found")
    await done(anna, f"{path}/archive")
    problem(await anna.post(f"{path}/stage", json={"to": "exploration", **BOTH}), 409, "customer_archived")


def test_the_steps_forward_go_by_one_and_an_end_is_never_far() -> None:
    rank = {stage: number for number, stage in enumerate(ORDER)}
    for before, after in STEPS:
        if before in rank and after in rank:
            assert rank[after] <= rank[before] + 1
    assert steps_to("dissolution").keys() == set(ORDER)
    assert steps_from("dissolution") == ["awareness"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    asked=st.lists(
        st.tuples(st.sampled_from(get_args(Stage)), st.sets(st.sampled_from(["reason", "evidence"]))), max_size=8
    )
)
async def test_no_sequence_of_steps_leaves_the_table_and_the_history_replays_to_where_it_ends(
    client: Client, asked: list[tuple[Stage, set[str]]]
) -> None:
    path = await new_customer(client)
    walked: list[Stage] = ["awareness"]
    for to, stated in asked:
        here = walked[-1]
        response = await client.post(f"{path}/stage", json={"to": to} | dict.fromkeys(stated, "x"))
        if (here, to) in STEPS and all(stated & set(need) for need in STEPS[here, to]):
            assert response.status_code == 200, response.text
            walked.append(to)
        else:
            assert response.status_code == (200 if here == to else 409), response.text
        assert (await client.get(path)).json()["relationship_stage"] == walked[-1]
    steps = await history(client, f"{path}/stage-history")
    assert [step["to"] for step in steps] == walked
    assert [step["from"] for step in steps] == [None, *walked[:-1]]
