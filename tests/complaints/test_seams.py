"""What complaints mean for the rest of the house: inboxes, customers, timelines, handovers, exports, tasks."""

from uuid import UUID

from tests.complaints.steps import SOLUTION, Path, act, get, go, receive
from tests.conftest import Client, Clients, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace


async def inbox(client: Client) -> list[str]:
    """The titles of one's notifications about complaints, oldest first."""
    found = (await client.get("/v1/notifications?kind=complaint&sort=created_at")).json()["data"]
    return [one["title"] for one in found]


async def test_whom_a_step_concerns_hears_of_it_once(
    client: Client, clients: Clients, path: Path, service: Client, manager: Client, workspace: Workspace
) -> None:
    await workspace.owner.execute(
        "UPDATE teams SET manager_id = $2 WHERE id = $1", workspace.north, workspace.manager.id
    )
    await workspace.owner.execute("UPDATE users SET language = 'en' WHERE id = $1", workspace.manager.id)
    owned = await customer_of(client, owner_id=str(workspace.anna.id), team_id=str(workspace.north))
    complaint = await path.to("investigating", await receive(client, owned, responsible_id=str(workspace.ben.id)))
    number = complaint["number"]
    await go(service, complaint, "propose", **SOLUTION)
    await go(manager, complaint, "approve")
    assert await inbox(manager) == [
        f"Complaint {number} came in: The pump leaks",
        f"A solution for complaint {number} waits for approval",
    ]
    assert await inbox(clients(workspace.anna.token)) == [f"收到投诉 {number}：The pump leaks"]
    assert await inbox(service) == [f"投诉 {number} 的提议已获批准"]
    assert await inbox(clients(workspace.ben.token)) == []
    found = (await service.get("/v1/notifications?kind=complaint")).json()["data"][0]
    assert found["subject"] == {"type": "complaint", "id": complaint["id"]}


async def test_where_a_team_has_no_manager_the_administrators_hear(client: Client, service: Client) -> None:
    complaint = await receive(service, await customer_of(client))
    assert await inbox(client) == [f"收到投诉 {complaint['number']}：The pump leaks"]


async def test_a_customer_with_an_open_complaint_is_not_put_aside(client: Client, path: Path) -> None:
    complaint = await path.to("resolved", await receive(client))
    where = f"/v1/customers/{complaint['customer_id']}/archive"
    problem(await client.post(where), 409, "customer_still_in_use")
    await go(client, complaint, "close", confirmed=True)
    assert (await client.post(where)).status_code == 200


async def test_a_new_one_needs_a_customer_in_use(client: Client) -> None:
    customer_id = await customer_of(client)
    await client.post(f"/v1/customers/{customer_id}/archive")
    body = {"customer_id": customer_id, "channel": "phone", "subject": "x"}
    problem(await client.post("/v1/complaints", json=body), 409, "customer_archived")


async def test_the_timeline_tells_of_it_and_not_of_the_cause(client: Client, path: Path) -> None:
    complaint = await path.to("investigating", await receive(client))
    await client.patch(f"/v1/complaints/{complaint['id']}", json={"root_cause": "Fitted dry", "lot": "L7"})
    found = await client.get(
        f"/v1/customers/{complaint['customer_id']}/timeline?type=complaint.*", headers={"Accept-Language": "en"}
    )
    told = found.json()["data"]
    assert told[-1]["sentence"] == f"The complaint {complaint['number']} came in: The pump leaks."
    assert told[0]["changes"].keys() >= {"lot"}
    assert "Fitted dry" not in found.text


async def test_merging_brings_complaints_and_who_complained_along(client: Client) -> None:
    winner, loser = await customer_of(client), await customer_of(client)
    person = await contact_of(client, loser)
    complaint = await receive(client, loser, contact_id=person["id"])
    merged = await client.post("/v1/customers/merge", json={"winner_id": winner, "loser_id": loser})
    assert merged.status_code == 200, merged.text
    found = await get(client, complaint)
    assert (found["customer_id"], found["contact_id"]) == (winner, person["id"])


async def test_complaints_are_handed_over_with_the_customer_but_never_to_whom_they_are_about(
    client: Client, workspace: Workspace
) -> None:
    owned = await customer_of(client, owner_id=str(workspace.anna.id), team_id=str(workspace.north))
    ours = await receive(client, owned, assignee_id=str(workspace.anna.id))
    about_ben = await receive(
        client, owned, assignee_id=str(workspace.anna.id), responsible_id=str(workspace.ben.id), category="service"
    )
    handed = await client.post(
        f"/v1/customers/{owned}/transfer", json={"owner_id": str(workspace.ben.id), "reason": "Anna leaves."}
    )
    assert handed.status_code == 200, handed.text
    assert (await get(client, ours))["assignee"]["name"] == "Ben Sales"
    assert (await get(client, about_ben))["assignee"]["name"] == "Anna Sales"
    taken = (await client.get(f"/v1/complaints/{ours['id']}/history")).json()["data"]
    assert [one["step"] for one in taken] == ["receive", "assign"]


async def test_a_task_can_be_about_a_complaint_one_sees(client: Client, clients: Clients, workspace: Workspace) -> None:
    complaint = await receive(client)
    body = {"title": "x", "subject": {"type": "complaint", "id": complaint["id"]}, "due_at": "2090-01-01T00:00:00Z"}
    made = await client.post("/v1/tasks", json=body)
    assert made.json()["customer_id"] == complaint["customer_id"]
    problem(await clients(workspace.anna.token).post("/v1/tasks", json=body), 422, "unprocessable")


async def test_who_complained_stands_in_no_fact(client: Client, workspace: Workspace) -> None:
    complaint = await receive(client, complainer={"name": "Wang Xiaoer", "phone": "13800138000"})
    await client.patch(f"/v1/complaints/{complaint['id']}", json={"complainer": {"name": "Wang Daer"}})
    facts = await workspace.owner.fetch(
        "SELECT payload::text || coalesce(changes::text, '') AS told FROM events WHERE subject_id = $1",
        UUID(complaint["id"]),
    )
    assert facts
    assert not [fact for fact in facts if "Wang" in fact["told"] or "138" in fact["told"]]
    assert (await get(client, complaint))["complainer"]["name"] == "Wang Daer"


async def test_a_refused_step_leaves_no_trace(client: Client, workspace: Workspace) -> None:
    complaint = await receive(client)
    before = await workspace.owner.fetchval("SELECT count(*) FROM events WHERE workspace_id = $1", workspace.id)
    await act(client, complaint, "close", confirmed=True)
    await act(client, complaint, "assess", severity="low", category="other")
    assert await workspace.owner.fetchval("SELECT count(*) FROM events WHERE workspace_id = $1", workspace.id) == before


async def test_a_day_holds_the_complaints_that_are_due_by_its_end_or_wait(client: Client, workspace: Workspace) -> None:
    customer_id = await customer_of(client)
    waits, due, _later = [
        await receive(client, customer_id, category=category, assignee_id=str(workspace.admin.id))
        for category in ("quality", "price", "service")
    ]
    await go(client, waits, "acknowledge")
    await go(client, waits, "assess", severity="low", category="quality")
    await go(client, waits, "wait-customer", reason="A photograph.")
    await workspace.owner.execute(
        "UPDATE complaints SET due_at = '2027-03-05T04:00:00Z' WHERE workspace_id = $1", workspace.id
    )
    await workspace.owner.execute("UPDATE complaints SET due_at = '2027-03-04T04:00:00Z' WHERE id = $1", due["id"])
    day = (await client.get("/v1/day?date=2027-03-04")).json()
    assert [(one["number"], one["waits"]) for one in day["complaints"]] == [
        (due["number"], False),
        (waits["number"], True),
    ]
    assert day["counts"]["complaints"] == 2
    assert day["complaints"][0]["customer"]["id"] == customer_id
