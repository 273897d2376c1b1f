"""Handing customers over: what goes along, who may, what is told, and what is left."""

from typing import Any
from uuid import UUID, uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Person, Workspace

LATER = "2030-05-06T01:30:00Z"
LATER_STILL = "2030-05-06T02:30:00Z"


async def post(client: Client, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """Make something, or do something with it."""
    response = await client.post(path, json=body)
    assert response.is_success, response.text
    made: dict[str, Any] = response.json()
    return made


async def get(client: Client, path: str) -> dict[str, Any]:
    """Look at something."""
    response = await client.get(path)
    assert response.is_success, response.text
    found: dict[str, Any] = response.json()
    return found


async def customer_of(client: Client, person: Person, name: str = "Acme") -> str:
    """A customer of this person."""
    made = await post(client, "/v1/customers?allow_duplicates=true", {"name": name, "owner_id": str(person.id)})
    return str(made["id"])


async def task(client: Client, customer_id: str, person: Person, kind: str) -> str:
    """Something this person has to do there."""
    subject = {"type": "customer", "id": customer_id}
    body = {"title": kind, "kind": kind, "subject": subject, "due_at": LATER, "assignee_id": str(person.id)}
    return str((await post(client, "/v1/tasks", body))["id"])


async def visit(client: Client, customer_id: str, person: Person, **more: Any) -> str:
    """A visit this person plans."""
    times = {"planned_start": LATER, "planned_end": LATER_STILL}
    body = {"customer_id": customer_id, "purpose": "care", "owner_id": str(person.id), "allow_overlap": True, **times}
    return str((await post(client, "/v1/visits", body | more))["id"])


def to(person: Person, **more: Any) -> dict[str, Any]:
    """The body of a transfer of one."""
    return {"owner_id": str(person.id), "reason": "Anna moves south", **more}


async def test_a_customer_changes_hands_with_its_team_and_the_fact_says_why(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    moved = await post(client, f"/v1/customers/{at}/transfer", to(w.ben))
    assert (moved["owner"]["name"], moved["team_id"]) == ("Ben Sales", str(w.south))
    assert moved == await get(client, f"/v1/customers/{at}")
    (fact,) = await events("customer.owner_changed")
    assert fact["changes"] == {
        "owner_id": [str(w.anna.id), str(w.ben.id)],
        "team_id": [str(w.north), str(w.south)],
        "reason": [None, "Anna moves south"],
    }
    client.headers["Accept-Language"] = "en"
    timeline = await get(client, f"/v1/customers/{at}/timeline?type=customer.owner_changed")
    assert [entry["sentence"] for entry in timeline["data"]] == [
        "Ada Admin handed the customer over from Anna Sales to Ben Sales: Anna moves south."
    ]


async def test_what_the_former_owner_had_planned_goes_along_and_nothing_else(
    client: Client, workspace: Workspace, events: Facts
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    due = await task(client, at, w.anna, "contact_due")
    step = await task(client, at, w.anna, "next_step")
    follow_up = await task(client, at, w.anna, "follow_up")
    managers = await task(client, at, w.manager, "next_step")
    done = await task(client, at, w.anna, "next_step")
    await post(client, f"/v1/tasks/{done}/complete")
    planned, others = await visit(client, at, w.anna), await visit(client, at, w.manager)
    begun = await visit(client, at, w.anna)
    await post(client, f"/v1/visits/{begun}/start")
    elsewhere = await task(client, await customer_of(client, w.anna), w.anna, "next_step")
    await post(client, f"/v1/customers/{at}/transfer", to(w.ben))

    async def assignee(task_id: str) -> tuple[str, str | None]:
        found = await get(client, f"/v1/tasks/{task_id}")
        return found["assignee"]["name"], found["team_id"]

    for moved in (due, step):
        assert await assignee(moved) == ("Ben Sales", str(w.south))
    for kept in (follow_up, done, elsewhere):
        assert await assignee(kept) == ("Anna Sales", str(w.north))
    assert await assignee(managers) == ("Max Manager", str(w.north))
    owners = [(await get(client, f"/v1/visits/{one}"))["owner"]["name"] for one in (planned, others, begun)]
    assert owners == ["Ben Sales", "Max Manager", "Anna Sales"]
    assert len(await events("task.reassigned")) == 2
    assert len(await events("visit.updated")) == 1
    reminders = await w.owner.fetch(
        "SELECT user_id, subject_id FROM reminders WHERE workspace_id = $1 AND state = 'scheduled'", w.id
    )
    of_ben = {str(row["subject_id"]) for row in reminders if row["user_id"] == w.ben.id}
    assert of_ben == {due, step}
    assert len(reminders) == 5, "one for each open task, and none twice"


async def test_tasks_and_visits_stay_where_that_is_wanted(client: Client, workspace: Workspace, events: Facts) -> None:
    at = await customer_of(client, workspace.anna)
    await task(client, at, workspace.anna, "next_step")
    await visit(client, at, workspace.anna)
    along = {"with": {"tasks": False, "visits": False}}
    await post(client, f"/v1/customers/{at}/transfer", to(workspace.ben, **along))
    assert {"task.reassigned", "visit.updated"} & set(await events.types()) == set()


async def test_handing_over_to_the_owner_changes_nothing(client: Client, workspace: Workspace, events: Facts) -> None:
    at = await customer_of(client, workspace.anna)
    kept = await post(client, f"/v1/customers/{at}/transfer", to(workspace.anna))
    assert kept["version"] == 1
    assert await events.types() == ["customer.created"]


async def test_only_supervisors_hand_over_and_only_what_they_see(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    service_s = await customer_of(client, w.service)
    for person in (w.anna, w.service, w.auditor):
        refused = await clients(person.token).post(f"/v1/customers/{at}/transfer", json=to(w.ben))
        problem(refused, 403, "scope_missing")
    manager = clients(w.manager.token)
    problem(await manager.post(f"/v1/customers/{service_s}/transfer", json=to(w.ben)), 404, "not_found")
    many = {"customer_ids": [at, service_s], "to": str(w.ben.id), "reason": "x"}
    named = problem(await manager.post("/v1/customers/transfer", json=many), 422, "unprocessable")
    assert [error["pointer"] for error in named["errors"]] == ["#/customer_ids/1"]
    assert (await get(client, f"/v1/customers/{at}"))["owner"]["name"] == "Anna Sales"
    await post(manager, f"/v1/customers/{at}/transfer", to(w.ben))


async def test_an_update_is_no_way_round_for_those_who_may_not_hand_over(
    client: Client, clients: Clients, workspace: Workspace, events: Facts
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    anna = clients(w.anna.token)
    for owner_id in (str(w.ben.id), None):
        refused = await anna.patch(f"/v1/customers/{at}", json={"owner_id": owner_id, "note": "x"})
        problem(refused, 403, "handing_over_is_for_supervisors")
    assert await events.types() == ["customer.created"]
    kept = await anna.patch(f"/v1/customers/{at}", json={"owner_id": str(w.anna.id), "note": "Mine"})
    assert (kept.json()["note"], kept.json()["owner"]["name"]) == ("Mine", "Anna Sales")
    again = await anna.patch(f"/v1/customers/{at}", json={"owner_id": str(w.anna.id), "note": "Mine"})
    assert again.json()["version"] == 2
    given = await clients(w.manager.token).patch(f"/v1/customers/{at}", json={"owner_id": str(w.ben.id)})
    assert given.json()["owner"]["name"] == "Ben Sales"


async def test_nobody_gets_a_customer_who_is_not_there_or_cannot_sign_in(client: Client, workspace: Workspace) -> None:
    at = await customer_of(client, workspace.anna)
    await post(client, f"/v1/users/{workspace.ben.id}/disable")
    for one in (str(workspace.ben.id), str(uuid4())):
        refused = await client.post(f"/v1/customers/{at}/transfer", json={"owner_id": one, "reason": "x"})
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/owner_id"
        many = {"customer_ids": [at], "to": one, "reason": "x"}
        refused = await client.post("/v1/customers/transfer", json=many)
        assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/to"


async def test_archived_customers_and_stale_copies_are_refused(client: Client, workspace: Workspace) -> None:
    at = await customer_of(client, workspace.anna)
    stale = await client.post(f"/v1/customers/{at}/transfer", json=to(workspace.ben), headers={"If-Match": '"7"'})
    assert problem(stale, 412, "stale")["current_version"] == 1
    await post(client, f"/v1/customers/{at}/archive")
    refused = await client.post(f"/v1/customers/{at}/transfer", json=to(workspace.ben))
    problem(refused, 409, "customer_archived")
    many = {"customer_ids": [at], "to": str(workspace.ben.id), "reason": "x"}
    assert problem(await client.post("/v1/customers/transfer", json=many), 409, "customer_archived")


async def test_one_says_which_customers_in_one_way(client: Client, workspace: Workspace) -> None:
    ben = str(workspace.ben.id)
    both: dict[str, Any] = {"customer_ids": [str(uuid4())], "owner_id": ben}
    wrong: list[dict[str, Any]] = [{}, both, {"customer_ids": []}]
    for which in wrong:
        refused = await client.post("/v1/customers/transfer", json={"to": ben, "reason": "x", **which})
        problem(refused, 422, "unprocessable")
    unknown = {"owner_id": str(uuid4()), "to": ben, "reason": "x"}
    refused = await client.post("/v1/customers/transfer", json=unknown)
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/owner_id"


async def test_whoever_leaves_hands_on_everything_in_a_few_statements(
    client: Client, workspace: Workspace, events: Facts, queries: list[str]
) -> None:
    w = workspace
    kept = await customer_of(client, w.service)
    archived = await customer_of(client, w.anna)
    await post(client, f"/v1/customers/{archived}/archive")
    await w.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id, team_id) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2, $3 FROM generate_series(1, 503) AS n",
        w.id,
        w.anna.id,
        w.north,
    )
    await w.owner.execute(
        "INSERT INTO tasks (workspace_id, kind, title, subject_type, subject_id, customer_id, assignee_id, due_at) "
        "SELECT workspace_id, 'contact_due', 'Call', 'customer', id, id, owner_id, now() + interval '1 day' "
        "FROM customers WHERE workspace_id = $1 AND owner_id = $2 AND archived_at IS NULL",
        w.id,
        w.anna.id,
    )
    await post(client, f"/v1/users/{w.anna.id}/disable")
    holdings = await get(client, f"/v1/users/{w.anna.id}/holdings")
    assert holdings == {
        "customers": 503,
        "archived_customers": 1,
        "open_tasks": 503,
        "planned_visits": 0,
        "open_opportunities": 0,
        "open_complaints": 0,
    }
    wanted = {"owner_id": str(w.anna.id), "to": str(w.ben.id), "reason": "Anna leaves"}
    queries.clear()
    first = await post(client, "/v1/customers/transfer", wanted)
    assert len(queries) < 15, "sets, not rows"
    assert first == {"customers": 500, "tasks": 500, "visits": 0, "opportunities": 0, "complaints": 0, "remaining": 3}
    second = await post(client, "/v1/customers/transfer", wanted)
    assert second == {"customers": 3, "tasks": 3, "visits": 0, "opportunities": 0, "complaints": 0, "remaining": 0}
    assert await post(client, "/v1/customers/transfer", wanted) == {
        "customers": 0, "tasks": 0, "visits": 0, "opportunities": 0, "complaints": 0, "remaining": 0,
    }  # fmt: skip
    facts = await events("customer.owner_changed")
    assert len(facts) == 503
    assert {fact["changes"]["reason"][1] for fact in facts} == {"Anna leaves"}
    holdings = await get(client, f"/v1/users/{w.anna.id}/holdings")
    assert holdings == {
        "customers": 0,
        "archived_customers": 1,
        "open_tasks": 0,
        "planned_visits": 0,
        "open_opportunities": 0,
        "open_complaints": 0,
    }
    assert (await get(client, f"/v1/customers/{kept}"))["owner"]["name"] == "Sue Service"


async def test_holdings_are_counted_as_far_as_one_sees(
    client: Client, clients: Clients, workspace: Workspace, elsewhere: Workspace
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    await task(client, at, w.anna, "follow_up")
    await visit(client, at, w.anna)
    await customer_of(client, w.service)
    manager = clients(w.manager.token)
    one_each = {
        "customers": 1,
        "archived_customers": 0,
        "open_tasks": 1,
        "planned_visits": 1,
        "open_opportunities": 0,
        "open_complaints": 0,
    }
    assert await get(manager, f"/v1/users/{w.anna.id}/holdings") == one_each
    assert (await get(manager, f"/v1/users/{w.service.id}/holdings"))["customers"] == 0
    problem(await clients(w.anna.token).get(f"/v1/users/{w.anna.id}/holdings"), 403, "scope_missing")
    problem(await client.get(f"/v1/users/{elsewhere.anna.id}/holdings"), 404, "not_found")


async def test_its_owners_are_told_from_the_first_to_the_present_one(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    w = workspace
    at = await customer_of(client, w.anna)
    await client.patch(f"/v1/customers/{at}", json={"note": "Nothing to do with it"})
    await client.patch(f"/v1/customers/{at}", json={"owner_id": str(w.manager.id)})
    await post(clients(w.manager.token), f"/v1/customers/{at}/transfer", to(w.ben))
    present, middle, first = (await get(clients(w.ben.token), f"/v1/customers/{at}/owners"))["data"]
    assert [one["owner"]["name"] for one in (present, middle, first)] == ["Ben Sales", "Max Manager", "Anna Sales"]
    assert [one["reason"] for one in (present, middle, first)] == ["Anna moves south", None, None]
    assert [one["changed_by"]["name"] for one in (present, middle, first)] == ["Max Manager", "Ada Admin", "Ada Admin"]
    assert (present["until"], middle["until"], first["until"]) == (None, present["since"], middle["since"])
    problem(await clients(w.anna.token).get(f"/v1/customers/{at}/owners"), 404, "not_found")
    nobody = await clients(await w.key("customers:write")).post("/v1/customers", json={"name": "Nobody's"})
    (only,) = (await get(client, f"/v1/customers/{nobody.json()['id']}/owners"))["data"]
    assert (only["owner"], only["changed_by"]["name"]) == (None, "test")
    assert UUID(only["changed_by"]["id"])


async def test_who_takes_a_visit_over_confirms_it_anew_and_may_have_another_at_that_time(
    client: Client, workspace: Workspace
) -> None:
    w = workspace
    at, of_ben = await customer_of(client, w.anna), await customer_of(client, w.ben)
    plain = {"allow_overlap": False}
    confirmed = await visit(client, at, w.anna, supervisor_id=str(w.manager.id), **plain)
    await post(client, f"/v1/visits/{confirmed}/confirm")
    bens = await visit(client, of_ben, w.ben, **plain)
    await post(client, f"/v1/visits/{bens}/confirm")
    holds = await get(client, f"/v1/users/{w.anna.id}/holdings")
    assert holds["planned_visits"] == 1
    await post(client, f"/v1/customers/{at}/transfer", to(w.ben))
    moved = await get(client, f"/v1/visits/{confirmed}")
    assert (moved["owner"]["name"], moved["state"], moved["overlap_allowed"]) == ("Ben Sales", "planned", True)
    assert moved["supervisor_id"] == str(w.manager.id)
    await post(client, f"/v1/customers/{at}/transfer", to(w.manager))
    moved = await get(client, f"/v1/visits/{confirmed}")
    assert (moved["owner"]["name"], moved["supervisor_id"]) == ("Max Manager", None)


async def test_visits_of_several_owners_at_one_time_come_to_one_person(client: Client, workspace: Workspace) -> None:
    w = workspace
    ids = [await customer_of(client, person) for person in (w.anna, w.ben)]
    planned = [
        await visit(client, one, who, allow_overlap=False) for one, who in zip(ids, (w.anna, w.ben), strict=True)
    ]
    moved = await post(client, "/v1/customers/transfer", {"customer_ids": ids, "to": str(w.manager.id), "reason": "x"})
    assert moved["visits"] == 2
    found = [await get(client, f"/v1/visits/{one}") for one in planned]
    assert [(one["owner"]["name"], one["overlap_allowed"]) for one in found] == [("Max Manager", True)] * 2
