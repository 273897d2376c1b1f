"""Planning visits, and who sees which, through the front door."""

from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.visits.steps import HERE, act, asked, at, place, plan, report


async def test_a_planned_visit_is_answered_as_it_is_read_and_leaves_its_fact(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    customer_id, lei = await place(client)
    mei = (await contact_of(client, customer_id, name="Han Meimei"))["id"]
    response = await client.post("/v1/visits", json=asked(customer_id, mei, lei, mei, subject="New year"))
    visit = response.json()
    assert response.headers["location"] == f"/v1/visits/{visit['id']}"
    assert visit["state"] == "planned"
    assert visit["customer"] == {"id": customer_id, "name": "Acme"}
    assert visit["owner"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
    assert visit["contact_ids"] == [mei, lei]
    assert visit["contacts"] == [{"id": mei, "name": "Han Meimei"}, {"id": lei, "name": "Li Lei"}]
    assert (visit["met_contacts"], visit["check_in"], visit["next_step"]) == ([], None, None)
    read = await client.get(f"/v1/visits/{visit['id']}")
    assert read.content == response.content
    (fact,) = await events("visit.planned")
    assert (fact["payload"], str(fact["customer_id"])) == (visit, customer_id)


async def test_the_team_is_the_owners(client: Client, workspace: Workspace) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id, owner_id=str(workspace.ben.id))
    assert (visit["owner"]["name"], visit["team_id"]) == ("Ben Sales", str(workspace.south))
    visit = await plan(client, customer_id, owner_id=str(workspace.ben.id), team_id=str(workspace.north))
    assert visit["team_id"] == str(workspace.north)


async def test_a_key_must_say_whose_visit_it_is(clients: Clients, workspace: Workspace) -> None:
    customer_id, _ = await place(clients(workspace.admin.token))
    key = clients(await workspace.key("visits:write"))
    refused = await key.post("/v1/visits", json=asked(customer_id))
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/owner_id"
    assert (await plan(key, customer_id, owner_id=str(workspace.anna.id)))["owner"]["name"] == "Anna Sales"


@pytest.mark.parametrize(
    ("start", "end", "ok"),
    [
        ("2027-01-04T09:00:00+08:00", "2027-01-04T09:00:01+08:00", True),
        ("2027-01-04T09:00:00+08:00", "2027-01-05T09:00:00+08:00", True),
        ("2027-01-04T09:00:00+08:00", "2027-01-05T09:00:01+08:00", False),
        ("2027-01-04T09:00:00+08:00", "2027-01-04T01:00:00Z", False),
        ("2027-01-04T09:00:00+08:00", "2027-01-04T08:00:00+08:00", False),
    ],
)
async def test_a_visit_ends_after_it_starts_within_a_day(client: Client, start: str, end: str, ok: bool) -> None:
    customer_id, _ = await place(client)
    body = asked(customer_id, planned_start=start, planned_end=end)
    response = await client.post("/v1/visits", json=body)
    if ok:
        assert response.status_code == 201
    else:
        assert problem(response, 422, "unprocessable")["errors"][0]["pointer"] == "#/planned_end"


async def test_whoever_a_visit_names_must_be_there(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace, events: Facts
) -> None:
    customer_id, lei = await place(client)
    _, of_another_customer = await place(client)
    gone = (await contact_of(client, customer_id))["id"]
    await client.post(f"/v1/contacts/{gone}/archive")
    their_customer, their_contact = await place(clients(elsewhere.admin.token))
    await workspace.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    for wrong, pointer in (
        ({"customer_id": str(uuid4())}, "#/customer_id"),
        ({"customer_id": their_customer}, "#/customer_id"),
        ({"contact_ids": [lei, of_another_customer]}, "#/contact_ids/1"),
        ({"contact_ids": [their_contact]}, "#/contact_ids/0"),
        ({"contact_ids": [gone, lei]}, "#/contact_ids/0"),
        ({"owner_id": str(elsewhere.anna.id)}, "#/owner_id"),
        ({"owner_id": str(workspace.ben.id)}, "#/owner_id"),
        ({"team_id": str(elsewhere.north)}, "#/team_id"),
    ):
        refused = await client.post("/v1/visits", json=asked(customer_id) | wrong)
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == (pointer, "not_found"), wrong
    assert await events("visit.planned") == []


async def test_nothing_is_planned_with_an_archived_customer(client: Client) -> None:
    customer_id, _ = await place(client)
    await client.post(f"/v1/customers/{customer_id}/archive")
    problem(await client.post("/v1/visits", json=asked(customer_id)), 409, "customer_archived")


async def test_a_colleague_without_sight_of_the_customer_plans_nothing(clients: Clients, workspace: Workspace) -> None:
    customer_id, _ = await place(clients(workspace.anna.token))
    refused = await clients(workspace.ben.token).post("/v1/visits", json=asked(customer_id))
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/customer_id"


async def test_a_visit_is_seen_by_its_owner_its_teams_and_whoever_sees_all(
    clients: Clients, workspace: Workspace
) -> None:
    people = {name: clients(getattr(workspace, name).token) for name in ("anna", "ben", "manager", "admin", "auditor")}
    customer_id, contact_id = await place(people["anna"])
    ours = await plan(people["anna"], customer_id)
    shared = await plan(people["anna"], customer_id, owner_id=str(workspace.ben.id))
    for name, seen in (
        ("anna", {ours["id"]}),
        ("ben", {shared["id"]}),
        ("manager", {ours["id"], shared["id"]}),
        ("admin", {ours["id"], shared["id"]}),
        ("auditor", {ours["id"], shared["id"]}),
    ):
        page = (await people[name].get("/v1/visits")).json()
        assert {visit["id"] for visit in page["data"]} == seen, name
    problem(await people["ben"].get(f"/v1/visits/{ours['id']}"), 404, "not_found")
    problem(await people["ben"].patch(f"/v1/visits/{ours['id']}", json={"subject": "x"}), 404, "not_found")
    for verb, body in (
        ("start", {}),
        ("cancel", {"reason": "x"}),
        ("complete", report(contact_id)),
        ("reschedule", {"planned_start": at(days=-2), "planned_end": at(days=-2, hours=-1)}),
    ):
        problem(await act(people["ben"], ours, verb, body), 404, "not_found")
    assert (await people["ben"].get(f"/v1/visits/{shared['id']}")).json()["customer"]["name"] == "Acme"


async def test_another_workspace_sees_nothing(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    customer_id, _ = await place(client)
    visit = await plan(client, customer_id)
    stranger = clients(elsewhere.admin.token)
    problem(await stranger.get(f"/v1/visits/{visit['id']}"), 404, "not_found")
    problem(await act(stranger, visit, "start"), 404, "not_found")
    assert (await stranger.get("/v1/visits")).json()["data"] == []


async def test_filters_narrow_and_times_sort(client: Client, workspace: Workspace) -> None:
    one, _ = await place(client)
    other = await customer_of(client)
    days = [
        {"planned_start": f"2027-01-0{day}T01:00:00Z", "planned_end": f"2027-01-0{day}T02:00:00Z"} for day in (1, 2, 3)
    ]
    second = (await plan(client, one, **days[1]))["id"]
    first = (await plan(client, one, purpose="sales", **days[0]))["id"]
    third = (await plan(client, other, owner_id=str(workspace.anna.id), **days[2]))["id"]
    await act(client, {"id": first}, "start")
    for wanted, expected in (
        ({}, [third, first, second]),
        ({"sort": "planned_start"}, [first, second, third]),
        ({"sort": "-planned_start", "customer_id": one}, [second, first]),
        ({"owner_id": str(workspace.anna.id)}, [third]),
        ({"team_id": str(workspace.north)}, [third]),
        ({"state": "in_progress"}, [first]),
        ({"state": ["planned", "in_progress"], "purpose": "care"}, [third, second]),
        ({"planned_start_gte": "2027-01-02T01:00:00Z"}, [third, second]),
        ({"planned_start_lte": "2027-01-02T01:00:00Z"}, [first, second]),
        ({"created_at_gte": "2100-01-01T00:00:00Z"}, []),
    ):
        page = (await client.get("/v1/visits", params={"include_total": True, **wanted})).json()
        assert ([visit["id"] for visit in page["data"]], page["total"]) == (expected, len(expected)), wanted


async def test_pages_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    customer_id, _ = await place(client)
    same = {"planned_start": "2027-01-01T01:00:00Z", "planned_end": "2027-01-01T02:00:00Z"}
    made = [(await plan(client, customer_id, allow_overlap=True, **same))["id"] for _ in range(5)]
    for sort, expected in (("-created_at", made[::-1]), ("planned_start", sorted(made))):
        seen: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = (await client.get("/v1/visits", params={"limit": "2", "sort": sort} | more)).json()
            seen += [visit["id"] for visit in page["data"]]
            if page["next_cursor"] is None:
                break
            more = {"cursor": page["next_cursor"]}
        assert seen == expected, sort


async def test_lists_reads_and_single_changes_are_one_statement_each(
    clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    manager = clients(workspace.manager.token)
    customer_id, lei = await place(manager, address=HERE)
    for _ in range(3):
        visit = await plan(manager, customer_id, lei)
    queries.clear()
    await manager.get("/v1/visits", params={"include_total": True})
    assert len(queries) == 1
    await manager.get(f"/v1/visits/{visit['id']}")
    assert len(queries) == 2
    await plan(manager, customer_id, lei)
    assert len(queries) == 3
    await act(manager, visit, "start", {"location": HERE})
    assert len(queries) == 4
