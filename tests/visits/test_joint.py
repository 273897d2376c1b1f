"""Joint visits and what comes of them; the next visit made with the report; all through the front door."""

from uuid import uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.factories import Workspace
from tests.visits.steps import act, at, place, plan, report


async def test_who_goes_along_sees_the_visit(client: Client, clients: Clients, workspace: Workspace) -> None:
    w = workspace
    customer_id, _ = await place(client)
    people = {"participant_ids": [str(w.ben.id)], "supervisor_id": str(w.manager.id), "preparation": "Ask for March."}
    visit = await plan(client, customer_id, **people)
    assert (visit["is_joint"], visit["participants"]) == (True, [{"id": str(w.ben.id), "name": "Ben Sales"}])
    assert visit["supervisor"] == {"id": str(w.manager.id), "name": "Max Manager"}
    assert visit["preparation"] == "Ask for March."
    path = f"/v1/visits/{visit['id']}"
    for person, status in ((w.ben, 200), (w.manager, 200), (w.anna, 404)):
        assert (await clients(person.token).get(path)).status_code == status
    assert [one["id"] for one in (await clients(w.ben.token).get("/v1/visits")).json()["data"]] == [visit["id"]]
    alone = (await client.patch(path, json={"participant_ids": [], "supervisor_id": None})).json()
    assert (alone["is_joint"], alone["participants"], alone["supervisor"]) == (False, [], None)
    assert (await clients(w.ben.token).get(path)).status_code == 404


async def test_only_managers_supervise_and_nobody_themselves(client: Client, workspace: Workspace) -> None:
    w = workspace
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id, owner_id=str(w.manager.id))
    for supervisor_id, code in ((w.anna.id, "not_found"), (uuid4(), "not_found"), (w.manager.id, "own_visit")):
        body = {"supervisor_id": str(supervisor_id)}
        refused = problem(await client.patch(f"/v1/visits/{visit['id']}", json=body), 422, "unprocessable")
        assert (refused["errors"][0]["pointer"], refused["errors"][0]["code"]) == ("#/supervisor_id", code)
        new = {"customer_id": customer_id, "purpose": "care", "owner_id": str(w.manager.id), **body}
        times = {"planned_start": "2027-05-01T01:00:00Z", "planned_end": "2027-05-01T02:00:00Z"}
        refused = problem(await client.post("/v1/visits", json=new | times), 422, "unprocessable")
        assert refused["errors"][0]["code"] == code
    nobody = {"participant_ids": [str(w.anna.id), str(uuid4())]}
    refused = problem(await client.patch(f"/v1/visits/{visit['id']}", json=nobody), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/participant_ids/1"


async def test_the_supervisor_reviews_once_and_nobody_else(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    w = workspace
    anna, manager = clients(w.anna.token), clients(w.manager.token)
    customer_id, lei = await place(anna)
    now = {"planned_start": at(minutes=30), "planned_end": at(minutes=-30)}
    visit = await plan(anna, customer_id, supervisor_id=str(w.manager.id), **now)
    problem(await act(manager, visit, "review", {"review": "Good."}), 409, "visit_not_completed")
    done = (await act(anna, visit, "complete", report(lei))).json()
    assert done["moves"] == ["review"]
    problem(await act(anna, visit, "review", {"review": "I was great."}), 403, "not_the_supervisor")
    problem(await act(clients(w.ben.token), visit, "review", {"review": "Hm."}), 404, "not_found")
    reviewed = (await act(manager, visit, "review", {"review": " Well prepared "})).json()
    assert (reviewed["state"], reviewed["moves"]) == ("reviewed", [])
    assert reviewed["review"]["review"] == "Well prepared"
    assert reviewed["review"]["by"] == {"id": str(w.manager.id), "name": "Max Manager"}
    problem(await act(manager, visit, "review", {"review": "Again."}), 409, "visit_not_completed")
    (fact,) = await events("visit.reviewed")
    assert fact["payload"] == reviewed
    client.headers["Accept-Language"] = "en"
    told = (await client.get(f"/v1/customers/{customer_id}/timeline?type=visit.reviewed")).json()["data"]
    assert [one["sentence"] for one in told] == ["Max Manager reviewed a joint visit: Well prepared."]


async def test_a_visit_made_alone_has_no_review(client: Client) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id)
    done = (await act(client, visit, "complete", report(lei))).json()
    assert done["moves"] == []
    problem(await act(client, visit, "review", {"review": "x"}), 409, "visit_not_joint")


async def test_the_next_visit_is_planned_with_the_report(client: Client, workspace: Workspace, events: Facts) -> None:
    customer_id, lei = await place(client)
    visit = await plan(client, customer_id, owner_id=str(workspace.anna.id), subject="Spring", kind="invited")
    times = {"planned_start": "2027-06-01T01:00:00.000000Z", "planned_end": "2027-06-01T02:00:00.000000Z"}
    wanted = times | {"purpose": "sales", "contact_ids": [lei]}
    said = {"own_needs": "A second line.", "next_step": {"title": "Offer", "due_on": "2027-01-05"}}
    done = (await act(client, visit, "complete", report(lei, next_visit=wanted, **said))).json()
    assert (done["own_needs"], done["own_needs_shared"]) == ("A second line.", True)
    following = (await client.get(f"/v1/visits/{done['next_visit_id']}")).json()
    assert {name: following[name] for name in times} == times
    assert (following["purpose"], following["subject"], following["kind"]) == ("sales", "Spring", "invited")
    assert (following["owner"]["name"], following["state"]) == ("Anna Sales", "planned")
    assert following["contact_ids"] == [lei]
    assert (await events.types())[-3:] == ["visit.planned", "visit.completed", "task.created"]


async def test_report_and_next_visit_happen_together_or_not_at_all(client: Client, events: Facts) -> None:
    customer_id, lei = await place(client)
    times = {"planned_start": "2027-06-01T01:00:00Z", "planned_end": "2027-06-01T02:00:00Z"}
    taken = await plan(client, customer_id, **times)
    visit = await plan(client, customer_id)
    refused = problem(await act(client, visit, "complete", report(lei, next_visit=times)), 409, "owner_double_booked")
    assert refused["other"]["id"] == taken["id"]
    stranger = (await place(client))[1]
    free = {"planned_start": "2027-06-02T01:00:00Z", "planned_end": "2027-06-02T02:00:00Z"}
    body = report(stranger, next_visit=free)
    problem(await act(client, visit, "complete", body), 422, "unprocessable")
    both = report(lei, next_visit=free, none_needed=True)
    problem(await act(client, visit, "complete", both), 422, "unprocessable")
    assert (await client.get(f"/v1/visits/{visit['id']}")).json()["state"] == "planned"
    assert await events.types() == [one for one in await events.types() if one != "visit.completed"]
    assert len(await events("visit.planned")) == 2


async def test_who_left_since_was_met_all_the_same(client: Client) -> None:
    customer_id, _ = await place(client)
    mei = str((await contact_of(client, customer_id, name="Han Meimei"))["id"])
    visit = await plan(client, customer_id, mei)
    await client.post(f"/v1/contacts/{mei}/leave")
    assert (await act(client, visit, "complete", report(mei))).status_code == 200
