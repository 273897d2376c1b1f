"""Random walks through the front door: what is listed as possible is what happens, and what must hold, holds."""

import random
from typing import Any

import pytest

from crm.complaints.rules import ASKED_FOR, replay
from tests.complaints.steps import SOLUTION, get, history, receive
from tests.conftest import Client, Clients
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace

SAID = {"reason": "x"}


def whole(step: str, chance: random.Random, workspace: Workspace) -> dict[str, Any]:
    """A body that lacks nothing."""
    somebody = chance.choice([workspace.service.id, workspace.anna.id, workspace.manager.id])
    bodies: dict[str, dict[str, Any]] = {
        "assess": {"severity": chance.choice(["critical", "high", "low"]), "category": "quality"},
        "assign": {"assignee_id": str(somebody), "responsible_id": chance.choice([None, str(workspace.ben.id)])},
        "propose": {**SOLUTION, "cost": {"amount": chance.choice(["1.00", "99999.00"]), "currency": "CNY"}},
        "communicate": {"reached": True},
        "close": {"confirmed": True, "root_cause": "x", "corrective_action": "x"},
        "reject": {"reason": "x", "alternatives_told": "x"},
        "inform": {"note": "x"},
        **dict.fromkeys(("wait_customer", "send_back", "refuse", "withdraw", "reopen"), SAID),
    }
    return bodies.get(step, {})


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_listed_happens_and_nothing_else(
    client: Client, clients: Clients, workspace: Workspace, seed: int
) -> None:
    chance = random.Random(seed)
    who = [client, *(clients(one.token) for one in (workspace.manager, workspace.anna, workspace.service))]
    who.append(clients(await workspace.key("complaints:read", "complaints:write")))
    owned = await customer_of(client, owner_id=str(workspace.anna.id), team_id=str(workspace.north))
    complaint = await receive(client, owned)
    for _ in range(60):
        person = chance.choice(who)
        listed = {one["step"]: one["possible"] for one in (await get(person, complaint))["steps"]}
        can = [step for step in listed if listed[step] and step != "withdraw"]
        step = chance.choice(can) if can and chance.random() < 0.8 else chance.choice(ASKED_FOR)
        if step == "withdraw":
            continue
        body = whole(step, chance, workspace)
        response = await person.post(f"/v1/complaints/{complaint['id']}/{step.replace('_', '-')}", json=body)
        assert (response.status_code == 200) == listed[step], (step, response.text)
        row = await workspace.owner.fetchrow("SELECT * FROM complaints WHERE id = $1", complaint["id"])
        assert row is not None
        assert row["approved_by"] is None or row["approved_by"] != row["proposed_by"]
        assert row["assignee_id"] is None or row["assignee_id"] != row["responsible_id"]
        if row["state"] == "closed" and row["closed_because"] != "rejected":
            assert row["severity"] not in {"critical", "high"} or (row["root_cause"] and row["corrective_action"])
        assert replay(await history(client, complaint)) == row["state"]
