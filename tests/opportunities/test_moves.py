"""How sales move: through their gates, once each, with history and facts, through the front door."""

import asyncio

import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import create as contact_of
from tests.factories import Workspace
from tests.opportunities.selling import AMOUNT, KNOWN, act, change, day, reached, ready, sell

STAGES = ["new", "contacted", "qualified", "proposal", "contract_sent"]


async def test_each_stage_is_passed_with_its_facts_and_its_history(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    sale = await ready(client, workspace)
    for key in STAGES[1:]:
        moved = await act(client, sale, "advance")
        assert moved.status_code == 200, moved.text
        assert moved.json()["stage"]["key"] == key
    found = (await client.get(f"/v1/opportunities/{sale['id']}/stage-history")).json()["data"]
    assert [one["to_stage"]["key"] for one in found] == STAGES
    assert [one["from_stage"] and one["from_stage"]["key"] for one in found] == [None, *STAGES[:-1]]
    assert found[0]["seconds_in_stage"] is None
    assert all(one["seconds_in_stage"] >= 0 for one in found[1:])
    assert {one["actor"]["name"] for one in found} == {"Ada Admin"}
    facts = await events("opportunity.stage_changed")
    assert [fact["payload"]["stage"]["key"] for fact in facts] == STAGES[1:]
    assert "stage_id" in facts[0]["changes"]
    problem(await act(client, sale, "advance"), 409, "no_such_stage")


async def test_the_problem_names_every_missing_fact_at_once(client: Client, events: Facts) -> None:
    sale = await sell(client)
    refused = problem(await act(client, sale, "advance", to="contract_sent"), 409, "gates_unmet")
    assert (refused["state"], refused["stage"]) == ("open", "new")
    missing = {one["code"]: one for one in refused["missing"]}
    assert missing.keys() == {
        "contact_reached", "man_known", "amount", "expected_close_on", "next_step", "contact:decider/approver",
    }  # fmt: skip
    assert missing["amount"]["message"] == "An amount over zero is needed."
    assert missing["contact:decider/approver"]["message_zh"] == "须有角色为决策者或审批者的联系人。"
    assert await events("opportunity.stage_changed") == []


@pytest.mark.parametrize(
    ("answers", "missing"),
    [
        ({"money": "no", "authority": "no", "need": "no"}, {"man_promising", "authority_found"}),
        ({"money": "yes", "authority": "no", "need": "yes"}, {"authority_found"}),
        ({"money": "yes", "authority": "yes", "need": "unknown"}, {"man_known"}),
        ({"money": "no", "authority": "yes", "need": "no"}, set()),
    ],
)
async def test_who_is_qualified(
    client: Client, workspace: Workspace, answers: dict[str, str], missing: set[str]
) -> None:
    customer_id = await reached(client, workspace)
    sale = await sell(client, customer_id, **answers)
    moved = await act(client, sale, "advance", to="qualified")
    if not missing:
        assert moved.json()["stage"]["key"] == "qualified"
    else:
        assert {one["code"] for one in problem(moved, 409, "gates_unmet")["missing"]} == missing
        await contact_of(client, customer_id, roles=[{"role": "approver"}])
        moved = await act(client, sale, "advance", to="qualified")
        assert (moved.status_code == 200) == (missing == {"authority_found"})


async def test_a_sale_steps_back_with_a_reason(client: Client, workspace: Workspace) -> None:
    sale = await ready(client, workspace)
    await act(client, sale, "advance", to="proposal")
    back = await act(client, sale, "step-back", reason="The decider left")
    assert back.json()["stage"]["key"] == "qualified"
    back = await act(client, sale, "step-back", reason="All is open again", to="new")
    assert back.json()["stage"]["key"] == "new"
    problem(await act(client, sale, "step-back", reason="x"), 409, "no_such_stage")
    refused = await act(client, sale, "step-back", reason="x", to="nowhere")
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/to"
    problem(await act(client, sale, "step-back"), 422, "unprocessable")
    found = (await client.get(f"/v1/opportunities/{sale['id']}/stage-history")).json()["data"]
    assert [one["reason"] for one in found[-2:]] == ["The decider left", "All is open again"]


async def test_a_win_passes_all_the_gates_that_are_left(client: Client, events: Facts, workspace: Workspace) -> None:
    sale = await sell(client)
    refused = problem(await act(client, sale, "win"), 409, "gates_unmet")
    assert "contact:decider/approver" in {one["code"] for one in refused["missing"]}
    sale = await ready(client, workspace)
    assert problem(await act(client, sale, "win", closed_on=day(1)), 422, "unprocessable")["errors"][0]["code"] == (
        "in_the_future"
    )
    won = (await act(client, sale, "win", amount={"amount": "480000", "currency": "CNY"})).json()
    assert (won["state"], won["stage"]["key"], won["progress_code"]) == ("won", "contract_sent", 6)
    assert (won["closed_on"], won["probability"], won["forecast_category"]) == (day(), "1", "closed")
    assert won["weighted_amount"] == won["amount"] == {"amount": "480000.00", "currency": "CNY"}
    assert won["closed_at"] is not None
    assert won["days_in_stage"] is None
    (fact,) = await events("opportunity.won")
    assert fact["payload"] == won
    for verb, body in [("advance", {}), ("win", {}), ("lose", {"reason": "price"}), ("hold", {"resume_on": day(9)})]:
        assert problem(await act(client, sale, verb, **body), 409, "opportunity_closed")["state"] == "won"
    problem(await act(client, sale, "reopen", reason="x"), 409, "opportunity_not_lost")


async def test_without_an_amount_nothing_is_won_whatever_its_pipeline_asks(client: Client) -> None:
    stages = [{"key": "only", "name": "Only", "probability": "0.5"}]
    made = (await client.post("/v1/pipelines", json={"name": "Short", "stages": stages})).json()
    sale = await sell(client, pipeline_id=made["id"])
    refused = problem(await act(client, sale, "win"), 409, "gates_unmet")
    assert [one["code"] for one in refused["missing"]] == ["amount"]
    assert (await act(client, sale, "win", amount=AMOUNT)).json()["state"] == "won"


async def test_a_lost_sale_is_reopened_by_a_supervisor_within_the_days(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    anna, manager = clients(workspace.anna.token), clients(workspace.manager.token)
    sale = await ready(anna, workspace)
    await act(anna, sale, "advance", to="proposal")
    problem(await act(anna, sale, "lose"), 422, "unprocessable")
    lost = (await act(anna, sale, "lose", reason="competitor", competitor="Globex", note="Faster")).json()
    assert (lost["state"], lost["lost_reason"], lost["competitor"]) == ("lost", "competitor", "Globex")
    assert (lost["closed_on"], lost["probability"], lost["stage"]["key"]) == (day(), "0", "proposal")
    problem(await act(anna, sale, "reopen", reason="x"), 403, "reopening_is_for_supervisors")
    await workspace.owner.execute("UPDATE opportunities SET closed_on = closed_on - 91 WHERE id = $1", sale["id"])
    problem(await act(manager, sale, "reopen", reason="x"), 409, "lost_too_long_ago")
    await workspace.owner.execute("UPDATE opportunities SET closed_on = closed_on + 1 WHERE id = $1", sale["id"])
    again = (await act(manager, sale, "reopen", reason="They failed")).json()
    assert (again["state"], again["stage"]["key"], again["closed_at"], again["closed_on"], again["lost_reason"]) == (
        "open", "contacted", None, None, None,
    )  # fmt: skip
    assert len(await events("opportunity.reopened")) == 1


async def test_a_sale_rests_until_its_day_and_goes_on(client: Client) -> None:
    sale = await sell(client, **KNOWN)
    refused = await act(client, sale, "hold", resume_on=day())
    assert problem(refused, 422, "unprocessable")["errors"][0]["code"] == "not_in_the_future"
    held = (await act(client, sale, "hold", resume_on=day(30), reason="No budget")).json()
    assert (held["state"], held["resume_on"], held["forecast_category"]) == ("on_hold", day(30), "omitted")
    assert problem(await act(client, sale, "advance"), 409, "opportunity_not_open")["state"] == "on_hold"
    problem(await act(client, sale, "win"), 409, "opportunity_not_open")
    await change(client, sale, note="Still friendly")
    resumed = (await act(client, sale, "resume")).json()
    assert (resumed["state"], resumed["resume_on"], resumed["stage"]["key"]) == ("open", None, "new")
    problem(await act(client, sale, "resume"), 409, "opportunity_not_on_hold")


async def test_a_resting_sale_can_be_lost(client: Client) -> None:
    sale = await sell(client)
    await act(client, sale, "hold", resume_on=day(30))
    lost = (await act(client, sale, "lose", reason="timing")).json()
    assert (lost["state"], lost["resume_on"]) == ("lost", None)


async def test_of_two_who_advance_at_once_one_does(clients: Clients, workspace: Workspace, stage: Stage) -> None:
    one, two = clients(workspace.anna.token), clients(workspace.manager.token)
    sale = await ready(one, workspace)
    async with workspace.owner.transaction():
        # Both statements begin before either may change the row.
        await workspace.owner.execute("SELECT FROM opportunities WHERE id = $1 FOR UPDATE", sale["id"])
        both = [asyncio.create_task(act(client, sale, "advance")) for client in (one, two)]
        await waiting(stage, 2)
    answers = sorted(await asyncio.gather(*both), key=lambda answer: answer.status_code)
    assert answers[0].json()["stage"]["key"] == "contacted"
    assert problem(answers[1], 409, "moved_meanwhile")["stage"] == "contacted"
    found = (await one.get(f"/v1/opportunities/{sale['id']}/stage-history")).json()["data"]
    assert [move["to_stage"]["key"] for move in found] == ["new", "contacted"]


async def waiting(stage: Stage, many: int) -> None:
    """Until so many statements wait for a lock."""
    question = "SELECT count(*) FROM pg_locks WHERE NOT granted"
    for _ in range(200):
        if await stage.owner.fetchval(question) >= many:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("nobody waits")


async def test_a_stale_copy_moves_nothing(client: Client, workspace: Workspace) -> None:
    sale = await ready(client, workspace)
    path, old = f"/v1/opportunities/{sale['id']}/advance", {"If-Match": '"1"'}
    assert (await client.post(path, json={}, headers=old)).status_code == 200
    stale = await client.post(path, json={}, headers=old)
    assert problem(stale, 412, "stale")["current_version"] == 2


async def test_a_move_is_one_statement(client: Client, queries: list[str], workspace: Workspace) -> None:
    sale = await ready(client, workspace)
    queries.clear()
    assert (await act(client, sale, "advance")).status_code == 200
    assert len(queries) == 1
