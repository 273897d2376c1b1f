"""Where somebody was: kept with consent, told to those with the right, written down when read, forgotten on request."""

import json
from typing import Any

import pytest

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.visits.steps import HERE, act, place, plan, report

SENSITIVE = "UPDATE users SET may_read_sensitive = true, permission_version = permission_version + 1 WHERE id = $1"


async def agree(client: Client, status: str = "given") -> dict[str, Any]:
    """Say whether positions may be kept."""
    body = {"status": status, "notice_version": "2026-11"}
    response = await client.put("/v1/me/location-consent", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def visited(client: Client, **address: Any) -> dict[str, Any]:
    """A visit begun and completed with a device in hand."""
    customer_id, lei = await place(client, **address)
    visit = await plan(client, customer_id)
    there = {"latitude": 31.2307, "longitude": 121.4741, "accuracy_m": 8.0}
    await act(client, visit, "start", {"location": HERE | {"accuracy_m": 12.5}})
    body = report(lei, none_needed=True, location=there)
    done: dict[str, Any] = (await act(client, visit, "complete", body)).json()
    return done


async def test_a_position_is_kept_sealed_with_consent_and_is_in_no_answer_and_no_fact(
    client: Client, events: Facts, stage: Stage, workspace: Workspace
) -> None:
    assert (await client.get("/v1/me/location-consent")).json()["status"] == "unasked"
    said = await client.put("/v1/me/location-consent", json={"status": "withdrawn", "notice_version": "2026-11"})
    assert said.json()["updated_at"].endswith("Z"), "moments are told in UTC, as everywhere"
    assert (await agree(client))["status"] == "given"
    visit = await visited(client, address={"latitude": 31.23, "longitude": 121.47})
    assert (visit["check_in"]["position"], visit["check_out"]["position"]) == ("kept", "kept")
    assert visit["check_in"]["distance_m"] > 0
    told = [dict(fact) for fact in await events() if fact["subject_type"] == "visit"]
    assert "31.2304" not in json.dumps([visit, told], default=str)
    assert "latitude" not in json.dumps([visit, told], default=str)
    row = await stage.owner.fetchrow("SELECT start_position FROM visits WHERE workspace_id = $1", workspace.id)
    assert row is not None
    assert b"31.2304" not in row["start_position"]


async def test_without_consent_only_the_distance_stays(client: Client, stage: Stage, workspace: Workspace) -> None:
    visit = await visited(client, address=HERE)
    assert (visit["check_in"]["position"], visit["check_in"]["distance_m"]) == ("not_consented", 0)
    kept = (
        "SELECT count(*) FROM visits WHERE workspace_id = $1 AND num_nonnulls(start_position, completion_position) > 0"
    )
    assert await stage.owner.fetchval(kept, workspace.id) == 0


async def test_whoever_has_the_right_reads_it_and_that_is_written_down(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    await agree(client)
    visit = await visited(client)
    path = f"/v1/visits/{visit['id']}/locations"
    problem(await client.get(path), 403, "scope_missing")
    await workspace.owner.execute(SENSITIVE, workspace.manager.id)
    await workspace.owner.execute(SENSITIVE, workspace.admin.id)
    problem(await clients(workspace.manager.token).get(path), 404, "not_found")
    assert await events("visit.location_read") == []
    response = await clients(workspace.admin.token).get(path)
    assert response.json() == {
        "visit_id": visit["id"],
        "start": HERE | {"accuracy_m": 12.5},
        "completion": {"latitude": 31.2307, "longitude": 121.4741, "accuracy_m": 8.0},
    }
    assert response.headers["cache-control"] == "no-store"
    (fact,) = await events("visit.location_read")
    assert (fact["actor_id"], fact["payload"]) == (workspace.admin.id, visit)


async def test_taking_the_consent_back_forgets_what_was_kept(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    await workspace.owner.execute(SENSITIVE, workspace.admin.id)
    anna = clients(workspace.anna.token)
    await agree(client)
    await agree(anna)
    mine = await visited(client)
    customer_id, _ = await place(client)
    hers = await plan(client, customer_id, owner_id=str(workspace.anna.id))
    await act(client, hers, "start", {"location": HERE})
    assert (await agree(client, "withdrawn"))["status"] == "withdrawn"
    for visit in (mine, hers):
        found = (await client.get(f"/v1/visits/{visit['id']}")).json()
        assert found["check_in"]["position"] == "forgotten"
        assert found["version"] > visit["version"]
    read = await client.get(f"/v1/visits/{mine['id']}/locations")
    assert (read.json()["start"], read.json()["completion"]) == (None, None)
    assert (await visited(client))["check_in"]["position"] == "not_consented"
    said = [fact["payload"]["status"] for fact in await events("location_consent.changed")]
    assert said == ["given", "given", "withdrawn"]
    await agree(client, "withdrawn")
    assert len(await events("location_consent.changed")) == 3


async def test_a_program_has_no_device_of_its_own(clients: Clients, workspace: Workspace) -> None:
    key = clients(await workspace.key("visits:write"))
    problem(await key.get("/v1/me/location-consent"), 403, "only_for_people")
    said = {"status": "given", "notice_version": "1"}
    problem(await key.put("/v1/me/location-consent", json=said), 403, "only_for_people")


@pytest.mark.parametrize("verb", ["start", "complete"])
async def test_who_is_out_of_range_says_why_where_the_workspace_wants_it(client: Client, verb: str) -> None:
    beijing = {"latitude": 39.9042, "longitude": 116.4074}
    customer_id, lei = await place(client, address=HERE)
    await client.patch("/v1/workspace", json={"settings": {"visits": {"out_of_range_reason": "required"}}})
    visit = await plan(client, customer_id)
    body = {"location": beijing} | (report(lei) if verb == "complete" else {})
    refused = problem(await act(client, visit, verb, body), 422, "unprocessable")
    assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("#/out_of_range_reason", "required")
    moved = (await act(client, visit, verb, body | {"out_of_range_reason": "We met at the fair."})).json()
    check = moved["check_in" if verb == "start" else "check_out"]
    assert (check["out_of_range"], check["out_of_range_reason"]) == (True, "We met at the fair.")
    nowhere, _ = await place(client)
    unplanned = {"customer_id": nowhere, "purpose": "care", "location": beijing}
    if verb == "complete":
        assert (await client.post("/v1/visits/start", json=unplanned)).status_code == 201
        return
    await act(client, visit, "cancel", {"reason": "The next one"})
    unplanned["customer_id"] = customer_id
    problem(await client.post("/v1/visits/start", json=unplanned), 422, "unprocessable")
