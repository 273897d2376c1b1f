"""Monthly visit plans: proposed from rhythm and calendar, adjusted by hand, approved by a manager."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.care.people import chinese_calendar, customer
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

MONTH = "2026-12-01"


async def due(workspace: Workspace, customer_id: str, day: str) -> None:
    await workspace.owner.execute(
        "UPDATE customers SET next_contact_due_on = $2 WHERE id = $1", UUID(customer_id), date.fromisoformat(day)
    )


async def proposed(client: Client, **values: Any) -> dict[str, Any]:
    response = await client.post("/v1/visit-plans", json={"month": MONTH, **values})
    assert response.status_code == 201, response.text
    found: dict[str, Any] = response.json()
    return found


async def lines(client: Client, plan_id: str) -> dict[str, tuple[int, int, bool]]:
    found = (await client.get(f"/v1/visit-plans/{plan_id}/lines")).json()["data"]
    return {line["customer"]["name"]: (line["required"], line["planned"], line["by_hand"]) for line in found}


@pytest.mark.parametrize(
    ("values", "day", "required"),
    [
        ({"key_kind": "double"}, "2026-11-10", 3),  # 1st, 16th, 31st: what is overdue is due at once
        ({"key_kind": "double"}, "2026-12-02", 2),  # 2nd, 17th
        ({"class": "key"}, "2026-12-01", 2),  # 1st, 31st
        ({"class": "key"}, "2026-12-31", 1),
        ({"class": "potential"}, "2026-12-15", 1),
        ({}, "2026-12-31", 1),
        ({}, "2027-01-01", 0),
    ],
)
async def test_a_month_asks_for_as_many_visits_as_the_rhythm_has_in_it(
    client: Client, workspace: Workspace, values: dict[str, Any], day: str, required: int
) -> None:
    await due(workspace, await customer(client, "Acme", **values), day)
    plan = await proposed(client)
    assert (plan["required"], plan["planned"], plan["state"]) == (required, required, "proposed")
    assert await lines(client, plan["id"]) == ({"Acme": (required, required, False)} if required else {})


@pytest.mark.parametrize(("per_day", "room", "planned"), [(3, 54, 32), (1, 18, 18)])
async def test_there_is_room_for_so_many_visits_as_working_days_allow_and_key_customers_come_first(
    client: Client, workspace: Workspace, per_day: int, room: int, planned: int
) -> None:
    settings = {"visit_plans": {"visits_per_day": per_day}}
    await workspace.owner.execute("UPDATE workspaces SET settings = $2 WHERE workspace_id = $1", workspace.id, settings)
    await chinese_calendar(client)
    await workspace.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id, next_contact_due_on) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2, '2026-10-05' FROM generate_series(1, 31) AS n",
        workspace.id,
        workspace.admin.id,
    )
    await due(workspace, await customer(client, "Key", **{"class": "key"}), "2026-10-31")
    await due(workspace, await customer(client, "Left", do_not_contact=True), "2026-10-05")
    # October 2026 has 18 working days.
    plan = await proposed(client, month="2026-10-01")
    assert (plan["working_days"], plan["capacity"]) == (18, room)
    assert (plan["required"], plan["planned"], plan["customers"]) == (32, planned, planned)
    assert (await lines(client, plan["id"]))["Key"] == (1, 1, False)


async def test_what_was_set_by_hand_stays_when_the_plan_is_made_anew(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    acme, beta = await customer(client, "Acme"), await customer(client, "Beta")
    await due(workspace, acme, "2026-12-10")
    plan = await proposed(client)
    path = f"/v1/visit-plans/{plan['id']}"
    wanted = {"planned": {acme: 4, beta: 1}}
    adjusted = (await client.post(f"{path}/adjust", json=wanted)).json()
    assert (adjusted["state"], adjusted["planned"], adjusted["customers"]) == ("adjusted", 5, 2)
    assert await lines(client, plan["id"]) == {"Acme": (1, 4, True), "Beta": (0, 1, True)}
    gamma = await customer(client, "Gamma")
    await due(workspace, gamma, "2026-12-11")
    anew = (await client.post(f"{path}/regenerate")).json()
    assert (anew["state"], anew["planned"]) == ("adjusted", 6)
    assert (await lines(client, plan["id"]))["Acme"] == (1, 4, True)
    assert (await lines(client, plan["id"]))["Gamma"] == (1, 1, False)
    assert [kind for kind in await events.types() if kind.startswith("visit_plan.")] == [
        "visit_plan.proposed", "visit_plan.adjusted", "visit_plan.proposed",
    ]  # fmt: skip


async def test_a_manager_approves_and_what_is_adjusted_is_to_be_approved_again(
    clients: Clients, workspace: Workspace
) -> None:
    anna, manager, ben = (clients(getattr(workspace, who).token) for who in ("anna", "manager", "ben"))
    acme = await customer(anna, "Acme")
    await due(workspace, acme, "2026-12-10")
    plan = await proposed(anna)
    path = f"/v1/visit-plans/{plan['id']}"
    problem(await anna.post(f"{path}/approve"), 403, "approval_needs_manager")
    problem(await ben.post(f"{path}/approve"), 404, "not_found")
    approved = (await manager.post(f"{path}/approve")).json()
    assert (approved["state"], approved["approved_by_id"]) == ("approved", str(workspace.manager.id))
    assert (await manager.post(f"{path}/approve")).json()["version"] == approved["version"]
    problem(await anna.post(f"{path}/regenerate"), 409, "plan_approved")
    wanted = {"planned": {acme: 2}}
    problem(await anna.post(f"{path}/adjust", json=wanted, headers={"If-Match": '"1"'}), 412, "stale")
    adjusted = (await anna.post(f"{path}/adjust", json=wanted)).json()
    assert (adjusted["state"], adjusted["approved_at"], adjusted["approved_by_id"]) == ("adjusted", None, None)


async def test_nobody_approves_their_own_plan_unless_the_workspace_allows_it(
    clients: Clients, workspace: Workspace
) -> None:
    admin, manager = clients(workspace.admin.token), clients(workspace.manager.token)
    plan = await proposed(manager)
    path = f"/v1/visit-plans/{plan['id']}"
    refused = await manager.post(f"{path}/approve")
    problem(refused, 409, "own_plan")
    assert "visit_plans.own_approval" in refused.json()["detail"]
    # The one above does; once approved, saying so again is no new approval.
    assert (await admin.post(f"{path}/approve")).json()["approved_by_id"] == str(workspace.admin.id)
    assert (await manager.post(f"{path}/approve")).json()["approved_by_id"] == str(workspace.admin.id)
    of_admin = f"/v1/visit-plans/{(await proposed(admin))['id']}/approve"
    problem(await admin.post(of_admin), 409, "own_plan")
    allowed = await admin.patch("/v1/workspace", json={"settings": {"visit_plans": {"own_approval": "allowed"}}})
    assert allowed.status_code == 200, allowed.text
    # What the API knows of a workspace is forgotten when the change is announced, which takes a moment.
    for _ in range(100):
        approved = await admin.post(of_admin)
        if approved.status_code == 200:
            break
        await asyncio.sleep(0.02)
    assert approved.json()["approved_by_id"] == str(workspace.admin.id)


async def test_a_person_has_one_plan_a_month_and_strangers_have_none(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    plan = await proposed(anna)
    problem(await anna.post("/v1/visit-plans", json={"month": MONTH}), 409, "plan_exists")
    assert (await proposed(anna, month="2027-01-01"))["id"] != plan["id"]
    refused = await ben.post("/v1/visit-plans", json={"month": MONTH, "owner_id": str(workspace.anna.id)})
    problem(refused, 422, "unprocessable")
    problem(await ben.get(f"/v1/visit-plans/{plan['id']}/lines"), 404, "not_found")
    assert (await ben.get("/v1/visit-plans")).json()["data"] == []
    assert (await anna.get("/v1/visit-plans", params={"month": MONTH})).json()["data"] == [plan]
    problem(await anna.post("/v1/visit-plans", json={"month": "2026-12-02"}), 422, "unprocessable")
    wanted = {"planned": {str(stranger := uuid4()): 1}}
    refused = await anna.post(f"/v1/visit-plans/{plan['id']}/adjust", json=wanted)
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"].endswith(f"planned/{stranger}")
