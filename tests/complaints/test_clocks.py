"""What the steps of a complaint do to its clocks, over HTTP (``domain.md`` B8, C2)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.calendars.working_time import WorkingTime
from crm.complaints.clocks import Timed, turn
from tests.calendars.stage import CHINA, local
from tests.calendars.test_working_time import D7
from tests.complaints.steps import Path, act, at, get, go, receive
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.sla.conftest import calendar
from tests.sla.stage import ALL_WEEK, clock_of, clocks_of, moment, new_policy

__all__ = ["calendar"]

AROUND = {"around_the_clock": True, "update_minutes": 240}


async def planted(stage: Stage, workspace: Workspace, customer_id: str, received_at: datetime, **more: Any) -> str:
    """A complaint that came at any moment, with its clocks: the door takes only what came lately."""
    row = {"severity": "medium", "category": "quality", **more}
    async with stage.database.transaction(workspace.admin.actor) as tx:
        id_ = await stage.owner.fetchval("SELECT uuidv7()")
        customer = await stage.owner.fetchval("SELECT id FROM customers WHERE id = $1::text::uuid", customer_id)
        timed = Timed(id_, received_at, row["severity"], row["category"], customer, None, None, 1)
        due_at = await turn(tx, "receive", timed, None)
        await tx._connection.execute(
            "INSERT INTO complaints (workspace_id, id, number, customer_id, channel, received_at, subject, severity, "
            "category, due_at) VALUES ($1, $2, $3, $4, 'phone', $5, 'Planted', $6, $7, $8)",
            workspace.id, id_, f"2026-{id_.hex[-6:]}", customer, received_at, row["severity"], row["category"], due_at,
        )  # fmt: skip
    return str(id_)


async def back(stage: Stage, workspace: Workspace, table: str, span: str, *columns: str) -> None:
    """As if it had been so much earlier."""
    moved = ", ".join(f"{name} = {name} - interval '{span}'" for name in columns)
    await stage.owner.execute(f"UPDATE {table} SET {moved} WHERE workspace_id = $1", workspace.id)


@pytest.mark.parametrize(("start", "hours", "due", "_"), D7)
async def test_every_worked_example_is_the_clock_of_a_complaint(
    client: Client, stage: Stage, workspace: Workspace, calendar: str, start: str, hours: int, due: str, _: str
) -> None:
    await new_policy(client, resolution_minutes=hours * 60, response_minutes=None, acknowledge_minutes=None)
    complaint_id = await planted(stage, workspace, await customer_of(client), local(start))
    found = (await client.get(f"/v1/complaints/{complaint_id}")).json()
    assert [(one["kind"], moment(one["due_at"])) for one in found["clocks"]] == [("resolution", local(due))]
    assert moment(found["due_at"]) == local(due)
    (explained,) = await clocks_of(client, complaint_id, explained=True)
    assert sum(one["minutes"] for one in explained["ledger"] if one["counted"]) == pytest.approx(
        explained["used_minutes"] + max(explained["left_minutes"], 0), abs=1e-6
    )
    assert explained["calendar"]["id"] == calendar


async def test_the_worked_example_with_its_pause(
    client: Client, stage: Stage, workspace: Workspace, calendar: str
) -> None:
    await new_policy(client, resolution_minutes=960, response_minutes=None, acknowledge_minutes=None)
    complaint_id = await planted(stage, workspace, await customer_of(client), local("2026-09-30 16:30"))
    resolution = await clock_of(client, complaint_id, "resolution")
    # As if it had been paused and resumed then; what the step itself does is tried below.
    await stage.owner.execute(
        "INSERT INTO clock_pauses (workspace_id, clock_id, paused_at, resumed_at) VALUES ($1, $2::text::uuid, $3, $4)",
        workspace.id, resolution["id"], local("2026-10-08 10:00"), local("2026-10-09 14:00"),
    )  # fmt: skip
    await stage.owner.execute(
        "UPDATE sla_clocks SET due_at = $2 WHERE workspace_id = $1", workspace.id, local("2026-10-12 11:00")
    )
    (found,) = await clocks_of(client, complaint_id, explained=True)
    assert found["paused_minutes"] == 600
    paused = [one for one in found["ledger"] if one["reason"] == "paused"]
    assert sum(one["minutes"] for one in paused) == 600
    first = next(one for one in found["ledger"] if moment(one["begins"]) == local("2026-10-08 09:00"))
    assert (first["counted"], first["minutes"]) == (True, 60)
    until = [one for one in found["ledger"] if one["counted"] and moment(one["ends"]) <= local("2026-10-12 11:00")]
    assert sum(one["minutes"] for one in until) + 120 == 960, "the last two hours reach beyond the deadline"


async def test_receiving_starts_every_clock_that_is_promised_from_when_it_came(client: Client, calendar: str) -> None:
    await new_policy(client)
    came = at(hours=30)
    complaint = await receive(client, received_at=came)
    found = {one["kind"]: one for one in complaint["clocks"]}
    assert set(found) == {"acknowledge", "response", "resolution"}
    for kind, minutes in (("acknowledge", 120), ("response", 480), ("resolution", 960)):
        assert moment(found[kind]["started_at"]) == moment(came)
        assert moment(found[kind]["due_at"]) == CHINA.deadline(moment(came), minutes)
    assert complaint["due_at"] == found["acknowledge"]["due_at"]


async def test_where_nothing_is_promised_nothing_runs(client: Client) -> None:
    complaint = await receive(client)
    assert (complaint["clocks"], complaint["due_at"]) == ([], None)


async def test_each_step_stops_what_it_fulfils(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("acknowledged", await receive(client))
    assert states(complaint) == {
        "acknowledge": "met", "response": "running", "update": "running", "resolution": "running"
    }  # fmt: skip
    informed = await go(path.service, complaint, "inform", note="We look into it")
    updates = [one for one in await clocks_of(client, complaint["id"]) if one["kind"] == "update"]
    assert [(one["turn"], one["state"]) for one in updates] == [(1, "met"), (2, "running")]
    assert states(informed)["response"] == "met"
    assert moment(updates[1]["started_at"]) > moment(updates[0]["started_at"])


async def test_resolving_stops_all_that_is_left(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("resolved", await receive(client))
    assert set(states(complaint).values()) == {"met"}
    assert complaint["due_at"] is None


async def test_what_is_done_late_is_met_late(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client, acknowledge_minutes=1, around_the_clock=True)
    complaint = await receive(client, received_at=at(minutes=5))
    assert states(await go(path.service, complaint, "acknowledge"))["acknowledge"] == "met_late"


async def test_waiting_for_the_customer_stands_still_and_going_on_moves_by_just_that(
    client: Client, stage: Stage, path: Path, workspace: Workspace, calendar: str
) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("investigating", await receive(client))
    before = {one["kind"]: one for one in complaint["clocks"]}
    waiting = await go(path.service, complaint, "wait-customer", reason="Waits for a photograph")
    assert {kind: state for kind, state in states(waiting).items() if state == "paused"}.keys() == {
        "update", "resolution"
    }  # fmt: skip
    assert waiting["due_at"] == before["response"]["due_at"], "the response does not wait"
    await back(stage, workspace, "clock_pauses", "90 minutes", "paused_at")
    await back(stage, workspace, "sla_clocks", "2 hours", "started_at")
    resumed = await go(path.service, complaint, "resume")
    resolution = await clock_of(client, complaint["id"], "resolution")
    assert resolution["state"] == "running"
    assert resolution["paused_minutes"] == pytest.approx(90, abs=1)
    moved = moment(resolution["due_at"]) - moment(before["resolution"]["due_at"])
    assert moved == pytest.approx(timedelta(minutes=90) - timedelta(hours=2), abs=timedelta(minutes=1))
    pauses = await stage.owner.fetch("SELECT minutes FROM clock_pauses WHERE workspace_id = $1", workspace.id)
    assert [row["minutes"] for row in pauses] == [90, 90]
    assert resumed["due_at"] is not None


async def test_another_severity_holds_from_when_it_came(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client)
    await new_policy(client, severity="critical", acknowledge_minutes=15, response_minutes=60, **AROUND)
    came = at(minutes=30)
    complaint = await path.to("acknowledged", await receive(client, received_at=came))
    assert states(complaint)["acknowledge"] == "met"
    judged = await go(path.service, complaint, "assess", severity="critical", category="quality")
    found = {one["kind"]: one for one in judged["clocks"]}
    assert moment(found["response"]["due_at"]) == moment(came) + timedelta(minutes=60)
    assert states(judged)["acknowledge"] == "met", "what ended stays as it was"
    assert moment(found["update"]["started_at"]) == moment(came), "promised only to the severe"
    policy = (await clock_of(client, complaint["id"], "response"))["policy"]
    assert policy["id"] != (await clock_of(client, complaint["id"], "acknowledge"))["policy"]["id"]


async def test_it_goes_by_the_calendar_of_whoever_handles_it(
    client: Client, clients: Clients, path: Path, workspace: Workspace, calendar: str
) -> None:
    await new_policy(client)
    always = await client.post("/v1/calendars", json={"name": "Always", "timezone": "UTC", "week": ALL_WEEK})
    await client.patch(f"/v1/users/{workspace.service.id}", json={"calendar_id": always.json()["id"]})
    complaint = await path.to("assessing", await receive(client))
    resolution = await clock_of(client, complaint["id"], "resolution")
    assert resolution["calendar"]["name"] == "Always"
    assert moment(resolution["due_at"]) - moment(resolution["started_at"]) == timedelta(minutes=960)
    assert (await clock_of(client, complaint["id"], "acknowledge"))["calendar"]["name"] == "China"


async def test_the_calendar_of_the_policy_comes_first(client: Client, calendar: str) -> None:
    always = await client.post("/v1/calendars", json={"name": "Always", "timezone": "UTC", "week": ALL_WEEK})
    await new_policy(client, calendar_id=always.json()["id"])
    complaint = await receive(client)
    assert (await clock_of(client, complaint["id"], "resolution"))["calendar"]["name"] == "Always"


async def test_reopened_soon_the_resolution_goes_on(
    client: Client, stage: Stage, path: Path, workspace: Workspace, calendar: str
) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("resolved", await receive(client))
    before = await clock_of(client, complaint["id"], "resolution")
    await back(stage, workspace, "complaints", "2 days", "resolved_at")
    await back(stage, workspace, "sla_clocks", "2 days", "stopped_at", "started_at", "due_at")
    reopened = await go(path.manager, complaint, "reopen", reason="It leaks again")
    after = await clock_of(client, complaint["id"], "resolution")
    assert (reopened["cycle"], after["id"], after["state"]) == (1, before["id"], "running")
    assert abs(moment(after["due_at"]) - moment(before["due_at"])) < timedelta(seconds=5), "two days stood still"
    assert (await clock_of(client, complaint["id"], "update"))["turn"] == 3, "the second one ended with the resolution"


async def test_reopened_late_a_new_round_begins(
    client: Client, stage: Stage, path: Path, workspace: Workspace, calendar: str
) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("resolved", await receive(client))
    await back(stage, workspace, "complaints", "9 days", "resolved_at")
    reopened = await go(path.manager, complaint, "reopen", reason="It leaks again")
    second = {one["kind"]: one["state"] for one in reopened["clocks"] if one["cycle"] == 2}
    assert second == {"response": "running", "update": "running", "resolution": "running"}
    assert all(one["stopped_at"] for one in reopened["clocks"] if one["cycle"] == 1)


async def test_what_is_taken_back_is_promised_no_more(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client)
    complaint = await path.to("acknowledged", await receive(client))
    withdrawn = await go(path.service, complaint, "withdraw", reason="A mistake")
    assert states(withdrawn) == {"acknowledge": "met", "response": "cancelled", "resolution": "cancelled"}
    assert withdrawn["due_at"] is None


async def test_a_step_that_is_refused_leaves_the_clocks_alone(
    client: Client, path: Path, events: Facts, calendar: str
) -> None:
    await new_policy(client)
    complaint = await receive(client)
    before = await clocks_of(client, complaint["id"])
    problem(await act(path.service, complaint, "resolve"), 409, "step_not_possible")
    after = await clocks_of(client, complaint["id"])
    assert [one["state"] for one in after] == [one["state"] for one in before]


async def test_the_ledger_says_why_and_adds_up(client: Client, calendar: str) -> None:
    await new_policy(client, resolution_minutes=3000)
    complaint = await receive(client, received_at=at(days=3))
    found = await clocks_of(client, complaint["id"], explained=True)
    assert [one["kind"] for one in found] == ["acknowledge", "response", "resolution"]
    for one in found:
        counted = [entry for entry in one["ledger"] if entry["counted"]]
        over = sum(entry["minutes"] for entry in counted if not entry["to_come"])
        ahead = sum(entry["minutes"] for entry in counted if entry["to_come"])
        assert over == pytest.approx(one["used_minutes"], abs=1e-6)
        assert ahead == pytest.approx(max(one["left_minutes"], 0), abs=1e-6)
        assert all(a["ends"] == b["begins"] for a, b in zip(one["ledger"], one["ledger"][1:], strict=False))
        assert moment(one["ledger"][0]["begins"]) == moment(complaint["received_at"])
    only = await clocks_of(client, complaint["id"], explained=True, kind="response")
    assert [one["kind"] for one in only] == ["response"]


async def test_by_the_sundown_rule_it_is_acknowledged_before_the_day_is_over(client: Client, calendar: str) -> None:
    await new_policy(client, severity="low", acknowledge_minutes=None, acknowledge_same_day=True)
    complaint = await receive(client, severity="low")
    (found,) = [one for one in await clocks_of(client, complaint["id"]) if one["kind"] == "acknowledge"]
    assert found["same_day"] is True
    local_due = moment(found["due_at"]).astimezone(local("2026-01-01 00:00").tzinfo)
    assert (local_due.hour, local_due.minute) == (18, 0)


async def test_a_workspace_without_a_calendar_goes_by_office_hours(client: Client, stage: Stage) -> None:
    await new_policy(client)
    complaint = await receive(client, received_at=at(hours=2))
    found = await clock_of(client, complaint["id"], "resolution")
    assert found["calendar"] is None
    office = WorkingTime("Asia/Shanghai", CHINA.week)
    assert moment(found["due_at"]) == office.deadline(moment(found["started_at"]), 960)


async def test_who_does_not_see_the_complaint_does_not_see_its_clocks(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    await new_policy(client)
    complaint = await receive(client)
    for who in (workspace.ben, elsewhere.admin):
        for path in ("clocks", "clocks/explain"):
            problem(await clients(who.token).get(f"/v1/complaints/{complaint['id']}/{path}"), 404, "not_found")


async def test_a_step_turns_the_clocks_with_few_statements(
    client: Client, path: Path, calendar: str, queries: list[str]
) -> None:
    await new_policy(client, **AROUND)
    complaint = await receive(client)
    queries.clear()
    await go(path.service, complaint, "acknowledge")
    assert len([sql for sql in queries if "sla_clocks" in sql and "complaint_steps" not in sql]) <= 3


def states(complaint: dict[str, Any]) -> dict[str, str]:
    """Each kind of clock with its state, the latest of a kind."""
    return {one["kind"]: one["state"] for one in sorted(complaint["clocks"], key=lambda one: one["started_at"])}


async def test_it_is_due_as_it_says_in_the_list(client: Client, calendar: str) -> None:
    await new_policy(client)
    await new_policy(client, severity="high", acknowledge_minutes=10, around_the_clock=True)
    late = await receive(client, severity="medium")
    never = await receive(client, severity="low")
    soon = await receive(client, severity="high")
    listed = (await client.get("/v1/complaints", params={"sort": "due_at"})).json()["data"]
    assert [one["id"] for one in listed] == [soon["id"], late["id"], never["id"]]
    assert (await get(client, soon))["due_at"] == listed[0]["due_at"]
    assert moment(listed[0]["due_at"]) > datetime.now(UTC)


async def test_while_it_is_the_customers_turn_no_update_is_due(client: Client, path: Path, calendar: str) -> None:
    await new_policy(client, **AROUND)
    complaint = await path.to("investigating", await receive(client))
    await go(path.service, complaint, "wait-customer", reason="Waits for a photograph")
    informed = await go(path.service, complaint, "inform", note="We still wait for it")
    assert [one["state"] for one in informed["clocks"] if one["kind"] == "update"] == ["met"]
    resumed = await go(path.service, complaint, "resume")
    assert [one["state"] for one in resumed["clocks"] if one["kind"] == "update"] == ["met", "running"]
