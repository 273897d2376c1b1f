"""The path of a complaint through the front door: every step, who may take it, what it needs, whom it tells."""

import asyncio
from typing import Any

import pytest

from crm.complaints.rules import ASKED_FOR, OF_THE_PRODUCT, STEPS, replay
from tests.complaints.steps import SOLUTION, Path, act, at, get, go, history, receive
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def test_from_the_angry_call_to_the_removed_cause(
    client: Client, service: Client, events: Facts, workspace: Workspace, path: Path
) -> None:
    complaint = await path.to("closed", await receive(client))
    assert (complaint["closed_because"], complaint["approved_by"]["name"]) == ("confirmed", "Ada Admin")
    assert complaint["acknowledged_by"]["name"] == complaint["proposed_by"]["name"] == "Sue Service"
    taken = await history(client, complaint)
    assert [one["step"] for one in taken] == [
        "receive", "acknowledge", "assess", "assign", "investigate", "propose", "approve", "communicate", "accept",
        "implement", "resolve", "close",
    ]  # fmt: skip
    assert replay(taken) == "closed"
    told = [fact["type"] for fact in await events() if fact["subject_type"] == "complaint"]
    assert told == [
        "complaint.received", "complaint.acknowledged", "complaint.assessed", "complaint.assigned",
        "complaint.investigation_started", "complaint.solution_proposed", "complaint.solution_approved",
        "complaint.communicated", "complaint.customer_accepted", "complaint.solution_implemented",
        "complaint.resolved", "complaint.closed",
    ]  # fmt: skip


async def test_a_key_cannot_acknowledge(client: Client, clients: Clients, workspace: Workspace) -> None:
    complaint = await receive(client)
    robot = clients(await workspace.key("complaints:read", "complaints:write"))
    refused = problem(await act(robot, complaint, "acknowledge"), 403, "step_is_for_others")
    assert [one["code"] for one in refused["missing"]] == ["human"]
    assert (await get(client, complaint))["state"] == "received"


async def test_a_step_out_of_turn_says_which_are_possible(client: Client) -> None:
    complaint = await receive(client)
    refused = problem(await act(client, complaint, "resolve"), 409, "step_not_possible")
    assert (refused["state"], refused["step"]) == ("received", "resolve")
    assert refused["possible"] == ["acknowledge", "identify", "assign", "withdraw", "inform"]


async def test_everything_that_a_proposal_lacks_is_named_at_once(client: Client, path: Path) -> None:
    complaint = await path.to("investigating", await receive(client))
    refused = problem(await act(client, complaint, "propose"), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == [
        "solution", "remedy_known", "remedy_answered", "validity_set",
    ]  # fmt: skip
    assert refused["missing"][0]["message_zh"] == "须填写解决方案。"
    half = problem(
        await act(client, complaint, "propose", **{**SOLUTION, "solution_answers_remedy": False}),
        409,
        "step_needs_more",
    )
    assert [one["code"] for one in half["missing"]] == ["remedy_answered"]
    answered = {**SOLUTION, "solution_answers_remedy": False, "remedy_answer": "A repair at once is all we can do."}
    assert (await go(client, complaint, "propose", **answered))["remedy_answer"] == answered["remedy_answer"]


async def test_nobody_approves_their_own_proposal(client: Client, path: Path, manager: Client) -> None:
    complaint = await path.to("investigating", await receive(client))
    await go(client, complaint, "propose", **SOLUTION)
    refused = problem(await act(client, complaint, "approve"), 403, "step_is_for_others")
    assert [one["code"] for one in refused["missing"]] == ["not_proposer"]


async def test_cost_limits_who_approves(
    client: Client, clients: Clients, path: Path, service: Client, workspace: Workspace
) -> None:
    customer = await client.post(
        "/v1/customers", json={"kind": "company", "name": "Limits", "owner_id": str(workspace.anna.id)}
    )
    manager = clients(workspace.manager.token)
    complaint = await path.to("investigating", await receive(client, customer.json()["id"]))
    dear = {**SOLUTION, "cost": {"amount": "50000.01", "currency": "CNY"}}
    await go(service, complaint, "propose", **dear)
    refused = problem(await act(manager, complaint, "approve"), 403, "step_is_for_others")
    assert [one["code"] for one in refused["missing"]] == ["within_limit"]
    by_service = problem(await act(service, complaint, "approve"), 403, "step_is_for_others")
    assert {one["code"] for one in by_service["missing"]} == {"supervises", "not_proposer", "within_limit"}
    await go(manager, complaint, "send-back", reason="Ask the supplier first.")
    await go(service, complaint, "propose", **{**SOLUTION, "cost": {"amount": "50000.00", "currency": "CNY"}})
    assert (await go(manager, complaint, "approve"))["cost"] == {"amount": "50000.00", "currency": "CNY"}


async def test_a_cost_without_a_rate_is_for_whoever_has_no_limit(
    client: Client, clients: Clients, path: Path, service: Client, workspace: Workspace
) -> None:
    customer = await client.post(
        "/v1/customers", json={"kind": "company", "name": "Rates", "owner_id": str(workspace.anna.id)}
    )
    manager = clients(workspace.manager.token)
    complaint = await path.to("investigating", await receive(client, customer.json()["id"]))
    await go(service, complaint, "propose", **{**SOLUTION, "cost": {"amount": "1.00", "currency": "EUR"}})
    problem(await act(manager, complaint, "approve"), 403, "step_is_for_others")
    assert (await go(client, complaint, "approve"))["state"] == "approved"


async def test_whom_it_is_about_takes_no_part(
    client: Client, clients: Clients, path: Path, workspace: Workspace
) -> None:
    complaint = await receive(client, responsible_id=str(workspace.service.id))
    service = clients(workspace.service.token)
    for verb, body in (
        ("acknowledge", {}),
        ("assign", {"assignee_id": str(workspace.ben.id)}),
        ("withdraw", {"reason": "x"}),
    ):
        refused = problem(await act(service, complaint, verb, **body), 403, "step_is_for_others")
        assert "not_responsible" in {one["code"] for one in refused["missing"]}
    assert not any(step["possible"] for step in (await get(service, complaint))["steps"])
    problem(await service.patch(f"/v1/complaints/{complaint['id']}", json={"tags": ["x"]}), 403, "step_is_for_others")
    refused = problem(
        await act(client, complaint, "assign", assignee_id=str(workspace.service.id)), 409, "step_needs_more"
    )
    assert [one["code"] for one in refused["missing"]] == ["assignee_not_responsible"]
    assigned = await go(client, complaint, "assign", assignee_id=str(workspace.ben.id))
    changed = await client.patch(f"/v1/complaints/{assigned['id']}", json={"responsible_id": str(workspace.ben.id)})
    problem(changed, 409, "assignee_is_responsible")


async def test_waiting_for_the_customer_goes_on_where_it_was(client: Client, path: Path) -> None:
    complaint = await path.to("communicated", await receive(client))
    waiting = await go(client, complaint, "wait-customer", reason="They think about it.")
    assert (waiting["state"], waiting["resume_to"]) == ("waiting_customer", "communicated")
    gone = await go(client, complaint, "resume")
    assert (gone["state"], gone["resume_to"]) == ("communicated", None)
    assert replay(await history(client, complaint)) == "communicated"


async def test_what_the_customer_refuses_is_investigated_and_approved_anew(client: Client, path: Path) -> None:
    complaint = await path.to("communicated", await receive(client))
    refused = await go(client, complaint, "refuse", reason="They want the whole line checked.")
    assert (refused["state"], refused["approved_by"], refused["proposed_by"]) == ("investigating", None, None)
    again = await go(client, complaint, "propose")
    assert again["solution"] == "A new pump"


async def test_a_customer_who_was_not_reached_does_not_know_the_decision(client: Client, path: Path) -> None:
    complaint = await path.to("approved", await receive(client))
    refused = problem(await act(client, complaint, "communicate", reached=False), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == ["customer_reached"]


async def test_it_is_resolved_once_all_corrective_actions_are_done(client: Client, path: Path) -> None:
    complaint = await path.to("implementing", await receive(client))
    made = await client.post(
        f"/v1/complaints/{complaint['id']}/corrective-actions",
        json={"title": "Train the fitters", "due_at": at(days=-3)},
    )
    assert made.status_code == 201, made.text
    task = made.json()
    assert (task["kind"], task["subject"]) == ("corrective_action", {"type": "complaint", "id": complaint["id"]})
    assert (await get(client, complaint))["open_actions"] == 1
    refused = problem(await act(client, complaint, "resolve"), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == ["actions_done"]
    assert (await client.post(f"/v1/tasks/{task['id']}/complete")).status_code == 200
    assert (await go(client, complaint, "resolve"))["state"] == "resolved"


@pytest.mark.parametrize("severity", ["critical", "high"])
async def test_a_severe_one_is_closed_with_its_cause_and_what_was_done(
    client: Client, path: Path, severity: str
) -> None:
    complaint = await path.to("resolved", await receive(client), severity=severity)
    refused = problem(await act(client, complaint, "close", confirmed=True), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == ["root_cause", "corrective_action"]
    closed = await go(
        client, complaint, "close", confirmed=True, root_cause="Fitted dry", corrective_action="Trained", satisfaction=4
    )
    assert (closed["state"], closed["satisfaction"]) == ("closed", 4)
    assert closed["check_effect_on"] > closed["closed_at"][:10]
    tasks = (await client.get(f"/v1/tasks?subject_id={complaint['id']}")).json()["data"]
    assert [task["kind"] for task in tasks] == ["effectiveness_check"]
    learnt = await client.patch(f"/v1/complaints/{complaint['id']}", json={"effective": True})
    assert learnt.json()["effective"] is True
    problem(await client.patch(f"/v1/complaints/{complaint['id']}", json={"root_cause": "x"}), 409, "complaint_over")


async def test_who_cannot_be_reached_is_tried_three_times(client: Client, path: Path) -> None:
    complaint = await path.to("resolved", await receive(client))
    for tries in range(3):
        refused = problem(await act(client, complaint, "close", confirmed=False), 409, "step_needs_more")
        assert [one["code"] for one in refused["missing"]] == ["return_visit"]
        tried = await go(client, complaint, "attempt", note="No answer.")
        assert len(tried["return_visits"]) == tries + 1
    closed = await go(client, complaint, "close")
    assert closed["closed_because"] == "not_reached"
    assert replay(await history(client, complaint)) == "closed"


async def test_what_is_not_justified_is_rejected_by_two(client: Client, path: Path, service: Client) -> None:
    complaint = await path.to("investigating", await receive(client))
    rejected = await go(service, complaint, "reject", reason="Run dry.", alternatives_told="Repair at cost; 12315.")
    assert (rejected["state"], rejected["validity"]) == ("rejected", "rejected")
    refused = problem(await act(service, complaint, "close"), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == ["approved"]
    problem(await act(service, complaint, "approve"), 403, "step_is_for_others")
    returned = await go(client, complaint, "send-back", reason="Look at the log again.")
    assert (returned["state"], returned["validity"], returned["rejection_reason"]) == ("investigating", "pending", None)
    await go(service, complaint, "reject", reason="Run dry.", alternatives_told="Repair at cost; 12315.")
    await go(client, complaint, "approve")
    told = await go(service, complaint, "communicate", reached=True)
    assert told["state"] == "rejected"
    closed = await go(service, complaint, "close")
    assert (closed["closed_because"], closed["validity"]) == ("rejected", "rejected")
    assert replay(await history(client, complaint)) == "closed"


async def test_what_is_withdrawn_is_over(client: Client, path: Path) -> None:
    complaint = await path.to("assessing", await receive(client))
    await go(client, complaint, "wait-customer", reason="A photograph.")
    gone = await go(client, complaint, "withdraw", reason="It was the electrician.")
    assert (gone["state"], gone["withdrawn_reason"], gone["resume_to"]) == (
        "withdrawn", "It was the electrician.", None,
    )  # fmt: skip
    refused = problem(await act(client, complaint, "reopen", reason="x"), 409, "step_not_possible")
    assert refused["possible"] == []


@pytest.mark.parametrize(("days", "cycle"), [(6, 1), (8, 2), (29, 2)])
async def test_it_is_reopened_within_thirty_days(
    client: Client, path: Path, workspace: Workspace, days: int, cycle: int
) -> None:
    complaint = await path.to("closed", await receive(client))
    await workspace.owner.execute(
        "UPDATE complaints SET closed_at = now() - make_interval(days => $2) WHERE id = $1", complaint["id"], days
    )
    opened = await go(client, complaint, "reopen", reason="It leaks again.")
    assert (opened["state"], opened["reopened_count"], opened["cycle"]) == ("investigating", 1, cycle)
    assert (opened["closed_at"], opened["closed_because"], opened["approved_by"]) == (None, None, None)
    assert replay(await history(client, complaint)) == "investigating"


async def test_it_is_not_reopened_later(client: Client, path: Path, workspace: Workspace) -> None:
    complaint = await path.to("closed", await receive(client))
    await workspace.owner.execute(
        "UPDATE complaints SET closed_at = now() - interval '31 days' WHERE id = $1", complaint["id"]
    )
    refused = problem(await act(client, complaint, "reopen", reason="x"), 409, "step_needs_more")
    assert [one["code"] for one in refused["missing"]] == ["in_time"]


async def test_another_severity_is_a_fact_of_its_own(client: Client, events: Facts, path: Path) -> None:
    complaint = await path.to("assessing", await receive(client))
    judged = await go(client, complaint, "assess", severity="critical", category="quality")
    assert judged["severity"] == "critical"
    changed = await events("complaint.severity_changed")
    assert [fact["changes"]["severity"] for fact in changed] == [["medium", "critical"]]


async def test_of_two_who_act_at_once_one_does(client: Client, path: Path, service: Client) -> None:
    complaint = await path.to("solution_proposed", await receive(client))
    both = await asyncio.gather(
        act(client, complaint, "approve"), act(client, complaint, "send-back", reason="No."), return_exceptions=False
    )
    assert sorted(one.status_code for one in both) == [200, 409]
    lost = next(one for one in both if one.status_code == 409).json()
    won = next(one for one in both if one.status_code == 200).json()
    assert lost["state"] == won["state"]
    stale = await client.post(
        f"/v1/complaints/{complaint['id']}/withdraw", json={"reason": "x"}, headers={"If-Match": '"1"'}
    )
    problem(stale, 412, "stale")


async def test_the_list_of_steps_is_what_the_steps_do(client: Client, path: Path, service: Client) -> None:
    complaint = await path.to("solution_proposed", await receive(client))
    steps = {one["step"]: one for one in (await get(service, complaint))["steps"]}
    assert list(steps) == list(ASKED_FOR)
    assert [one["code"] for one in steps["approve"]["why_not"]] == ["supervises", "not_proposer"]
    assert steps["send_back"]["possible"]
    assert [one["code"] for one in steps["resolve"]["why_not"]] == ["state"]
    assert {one["step"] for one in (await get(client, complaint))["steps"] if one["possible"]} == {
        step for state, step in STEPS if state == "solution_proposed" and step not in OF_THE_PRODUCT
    }


async def test_an_auditor_sees_the_steps_and_can_take_none(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    complaint = await receive(client, complainer={"name": "Wang", "phone": "13800138000"})
    auditor = clients(workspace.auditor.token)
    found = await get(auditor, complaint)
    assert not any(step["possible"] for step in found["steps"])
    assert found["steps"][0]["why_not"][0]["code"] == "scope"
    assert found["complainer"] is None
    assert (await get(client, complaint))["complainer"] == {"name": "Wang", "phone": "+8613800138000"}


async def test_informing_the_customer_is_written_down(client: Client, path: Path) -> None:
    complaint = await path.to("investigating", await receive(client))
    told: Any = await go(client, complaint, "inform", note="The part arrives on Thursday.")
    assert told["informed_at"] is not None
    assert (await history(client, complaint))[-1]["note"] == "The part arrives on Thursday."


async def test_service_approves_up_to_its_limit(client: Client, path: Path, service: Client) -> None:
    assert (await client.patch("/v1/workspace", json={"settings": {"complaints": {"service_limit": 500}}})).is_success
    complaint = await path.to("investigating", await receive(client))
    await go(client, complaint, "propose", **{**SOLUTION, "cost": {"amount": "500.01", "currency": "CNY"}})
    refused = problem(await act(service, complaint, "approve"), 403, "step_is_for_others")
    assert [one["code"] for one in refused["missing"]] == ["within_limit"]
    await client.patch(f"/v1/complaints/{complaint['id']}", json={"cost": {"amount": "500.00", "currency": "CNY"}})
    assert (await go(service, complaint, "approve"))["approved_by"]["name"] == "Sue Service"


async def test_what_was_rejected_is_judged_anew_when_it_is_reopened(
    client: Client, path: Path, service: Client
) -> None:
    complaint = await path.to("investigating", await receive(client))
    await go(service, complaint, "reject", reason="Run dry.", alternatives_told="12315.")
    await go(client, complaint, "approve")
    await go(service, complaint, "close")
    opened = await go(client, complaint, "reopen", reason="The log was of another pump.")
    assert (opened["validity"], opened["rejection_reason"], opened["approved_by"]) == ("pending", None, None)


async def test_nothing_is_checked_where_the_workspace_wants_none(client: Client, path: Path) -> None:
    settings = {"settings": {"complaints": {"effect_check_days": 0}}}
    assert (await client.patch("/v1/workspace", json=settings)).is_success
    complaint = await path.to("resolved", await receive(client))
    closed = await go(client, complaint, "close", confirmed=True, corrective_action="Trained")
    assert closed["check_effect_on"] is None
    assert (await client.get(f"/v1/tasks?subject_id={complaint['id']}")).json()["data"] == []


async def test_the_same_assignee_again_changes_nothing(client: Client, events: Facts, workspace: Workspace) -> None:
    complaint = await receive(client)
    for _ in range(2):
        await go(client, complaint, "assign", assignee_id=str(workspace.service.id))
    assert len(await events("complaint.assigned")) == 1
    assert [one["step"] for one in await history(client, complaint)] == ["receive", "assign"]


async def test_what_is_not_to_be_done_any_more_is_cancelled(client: Client, path: Path) -> None:
    async def states(complaint: dict[str, Any]) -> list[tuple[str, str]]:
        found = (await client.get(f"/v1/tasks?subject_id={complaint['id']}&sort=created_at")).json()["data"]
        return [(task["kind"], task["state"]) for task in found]

    done = await path.to("resolved", await receive(client))
    await go(client, done, "close", confirmed=True, corrective_action="Trained")
    await go(client, done, "reopen", reason="It leaks again.")
    assert await states(done) == [("effectiveness_check", "cancelled")]
    await go(client, done, "propose")
    withdrawn = await receive(client)
    action = {"title": "Train", "due_at": at(days=-3)}
    made = await client.post(f"/v1/complaints/{withdrawn['id']}/corrective-actions", json=action)
    await go(client, withdrawn, "withdraw", reason="It was the electrician.")
    assert await states(withdrawn) == [("corrective_action", "cancelled")]
    task = (await client.get(f"/v1/tasks/{made.json()['id']}")).json()
    assert task["cancel_reason"] == "投诉已撤回。"
