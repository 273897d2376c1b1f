"""Customers through the front door: the canonical tests of the canonical feature."""

from typing import Any
from uuid import uuid4

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

ACME: dict[str, Any] = {"name": "Acme Corporation", "industry": "software", "phone": "138 1234 5678"}


async def create(client: Client, **more: Any) -> dict[str, Any]:
    """A customer as it was created."""
    response = await client.post("/v1/customers", json=ACME | more, params={"allow_duplicates": True})
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def test_a_created_customer_is_answered_as_it_is_read_and_leaves_its_fact(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    response = await client.post("/v1/customers", json=ACME)
    created = response.json()
    assert response.headers["location"] == f"/v1/customers/{created['id']}"
    assert response.headers["etag"] == '"1"'
    assert created["phone"] == "+8613812345678"
    assert created["owner"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
    assert created["warmth"] == {"band": "never", "score": 0, "days": None, "last_contact_at": None}

    read = await client.get(f"/v1/customers/{created['id']}")
    assert read.content == response.content

    (fact,) = await events()
    assert (fact["type"], fact["sequence"], fact["payload"]) == ("customer.created", 1, created)
    assert fact["actor_id"] == workspace.admin.id


async def test_an_update_says_what_changed_and_nothing_else(client: Client, events: Facts) -> None:
    created = await create(client)
    response = await client.patch(f"/v1/customers/{created['id']}", json={"region": "West", "industry": None})
    changed = response.json()
    assert (changed["region"], changed["industry"], changed["version"]) == ("West", None, 2)
    (fact,) = await events("customer.updated")
    assert fact["changes"] == {"region": [None, "West"], "industry": ["software", None]}
    assert fact["payload"] == changed


async def test_moments_among_the_changes_are_written_as_everywhere(client: Client, events: Facts) -> None:
    created = await create(client)
    archived = (await client.post(f"/v1/customers/{created['id']}/archive")).json()
    (fact,) = await events("customer.archived")
    assert fact["changes"] == {"archived_at": [None, archived["archived_at"]]}


async def test_an_update_that_changes_nothing_leaves_no_fact(client: Client, events: Facts) -> None:
    created = await create(client)
    response = await client.patch(f"/v1/customers/{created['id']}", json={"industry": "software"})
    assert response.json() == created
    assert await events.types() == ["customer.created"]


async def test_a_stale_copy_is_refused_and_told_the_current_version(client: Client, events: Facts) -> None:
    created = await create(client)
    path = f"/v1/customers/{created['id']}"
    assert (await client.patch(path, json={"region": "West"}, headers={"If-Match": '"1"'})).status_code == 200
    refused = await client.patch(path, json={"region": "East"}, headers={"If-Match": '"1"'})
    assert problem(refused, 412, "stale")["current_version"] == 2
    assert len(await events("customer.updated")) == 1


async def test_a_kept_copy_is_known_as_long_as_it_shows_the_same(client: Client, workspace: Workspace) -> None:
    path = f"/v1/customers/{(await create(client))['id']}"
    kept = (await client.get(path)).headers["etag"]
    known = await client.get(path, headers={"If-None-Match": kept})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", kept)
    # Nobody changed the customer; but its owner is called otherwise, as weeks without a word would show, too.
    await workspace.owner.execute("UPDATE users SET name = 'Ada Married' WHERE id = $1", workspace.admin.id)
    shown = await client.get(path, headers={"If-None-Match": kept})
    assert (shown.status_code, shown.json()["version"], shown.json()["owner"]["name"]) == (200, 1, "Ada Married")
    assert (await client.patch(path, json={"region": "West"}, headers={"If-Match": kept})).status_code == 200


async def test_a_taken_registration_code_is_refused_and_leaves_no_trace(client: Client, events: Facts) -> None:
    await create(client, registration_code="91350100M000100Y43")
    refused = await client.post("/v1/customers", json={"name": "Other", "registration_code": "91350100m000100y43"})
    problem(refused, 409, "registration_code_taken")
    assert await events.types() == ["customer.created"]


async def test_an_owner_who_does_not_exist_is_named(client: Client) -> None:
    refused = await client.post("/v1/customers", json={"name": "X", "owner_id": str(uuid4())})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/owner_id"


async def test_an_owner_of_another_workspace_does_not_exist_here(client: Client, elsewhere: Workspace) -> None:
    refused = await client.post("/v1/customers", json={"name": "X", "owner_id": str(elsewhere.anna.id)})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/owner_id"


async def test_a_group_that_one_does_not_see_cannot_be_named(
    clients: Clients, workspace: Workspace, events: Facts
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    group = (await create(ben, name="Group"))["id"]
    refused = await anna.post("/v1/customers", json={"name": "Part of it", "parent_id": group})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/parent_id"
    path = f"/v1/customers/{(await create(anna))['id']}"
    refused = await anna.patch(path, json={"parent_id": group})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/parent_id"
    assert (await ben.patch(f"/v1/customers/{group}", json={"parent_id": None})).status_code == 200
    assert await events.types() == ["customer.created", "customer.created"]


async def test_a_name_cannot_be_taken_away(client: Client) -> None:
    created = await create(client)
    refused = await client.patch(f"/v1/customers/{created['id']}", json={"name": None})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/name"


async def test_a_colleague_without_sight_finds_nothing(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    path = f"/v1/customers/{(await create(anna))['id']}"
    problem(await ben.get(path), 404, "not_found")
    problem(await ben.patch(path, json={"region": "West"}), 404, "not_found")
    assert (await manager.get(path)).status_code == 200
    assert (await ben.get("/v1/customers")).json()["data"] == []


async def test_an_archived_customer_leaves_the_list_and_comes_back(client: Client, events: Facts) -> None:
    created = await create(client)
    path = f"/v1/customers/{created['id']}"
    assert (await client.post(f"{path}/archive")).json()["archived_at"] is not None
    assert (await client.get("/v1/customers")).json()["data"] == []
    assert len((await client.get("/v1/customers", params={"archived": True})).json()["data"]) == 1
    problem(await client.patch(path, json={"region": "West"}), 409, "customer_archived")
    assert (await client.post(f"{path}/restore")).json()["archived_at"] is None
    assert await events.types() == ["customer.created", "customer.archived", "customer.restored"]


async def test_customers_are_found_by_name_pinyin_initials_code_and_phone_ending(client: Client) -> None:
    await create(client, name="重庆长安汽车股份有限公司", phone="13900001234", registration_code="91350100M000100Y43")
    await create(client)
    for query in ("长安", "changan", "cqca", "1234", "91350100m", "长安 139"):
        found = (await client.get("/v1/customers", params={"q": query})).json()["data"]
        assert [customer["name"] for customer in found] == ["重庆长安汽车股份有限公司"], query
    assert (await client.get("/v1/customers", params={"q": "nobody"})).json()["data"] == []


async def test_a_renamed_customer_is_found_by_the_new_name_only(client: Client) -> None:
    created = await create(client)
    await client.patch(f"/v1/customers/{created['id']}", json={"name": "Globex"})
    for query, many in (("acme", 0), ("globex", 1), ("5678", 1)):
        assert len((await client.get("/v1/customers", params={"q": query})).json()["data"]) == many, query


async def test_pages_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    made = [(await create(client, name=f"Customer {number}"))["id"] for number in range(7)]
    for sort, expected in (("-created_at", made[::-1]), ("name", made), ("next_contact_due_on", sorted(made))):
        seen: list[str] = []
        wanted: dict[str, Any] = {"limit": 3, "sort": sort}
        while wanted.get("cursor", "") is not None:
            page = (await client.get("/v1/customers", params=wanted)).json()
            seen += [customer["id"] for customer in page["data"]]
            wanted["cursor"] = page["next_cursor"]
        assert seen == expected, sort


async def test_a_cursor_of_another_list_is_refused(client: Client) -> None:
    for number in range(3):
        await create(client, name=f"Customer {number}")
    cursor = (await client.get("/v1/customers", params={"limit": 1})).json()["next_cursor"]
    for wanted in ({"sort": "name"}, {"kind": "company"}, {"cursor": "nonsense"}):
        problem(await client.get("/v1/customers", params={"limit": 1, "cursor": cursor} | wanted), 422, "unprocessable")


async def test_filters_narrow_and_totals_count(client: Client) -> None:
    await create(client, region="West", tags=["vip"])
    await create(client, region="East")
    for wanted, many in (
        ({"region": "West"}, 1),
        ({"region": ["West", "East"]}, 2),
        ({"tag": "vip"}, 1),
        ({"warmth": "never"}, 2),
        ({"warmth": "hot"}, 0),
    ):
        page = (await client.get("/v1/customers", params={"include_total": True, **wanted})).json()
        assert (len(page["data"]), page["total"]) == (many, many), wanted


async def test_an_unknown_filter_is_refused(client: Client) -> None:
    problem(await client.get("/v1/customers", params={"regoin": "West"}), 422, "unprocessable")


async def test_a_list_is_one_statement(client: Client, queries: list[str]) -> None:
    for number in range(5):
        await create(client, name=f"Customer {number}", parent_id=None)
    await client.get("/v1/customers")
    queries.clear()
    await client.get("/v1/customers", params={"include_total": True})
    assert len(queries) == 1


async def test_the_same_idempotency_key_gives_the_same_answer_once(client: Client, events: Facts) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = await client.post("/v1/customers", json=ACME, headers=headers)
    again = await client.post("/v1/customers", json=ACME, headers=headers)
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert await events.types() == ["customer.created"]
    problem(await client.post("/v1/customers", json=ACME | {"name": "Other"}, headers=headers), 422, "key_reused")


async def test_a_refused_request_keeps_no_idempotency_key(client: Client) -> None:
    headers = {"Idempotency-Key": "abc"}
    problem(await client.post("/v1/customers", json={"name": ""}, headers=headers), 422, "unprocessable")
    assert (await client.post("/v1/customers", json=ACME, headers=headers)).status_code == 201


async def test_a_key_without_the_scope_is_told_which(clients: Clients, workspace: Workspace) -> None:
    reader = clients(await workspace.key("customers:read"))
    assert (await reader.get("/v1/customers")).status_code == 200
    refused = problem(await reader.post("/v1/customers", json=ACME), 403, "scope_missing")
    assert refused["required_scope"] == "customers:write"


async def test_a_name_is_one_line_in_which_something_is_seen(client: Client) -> None:
    created = await create(client, name=" Acme\nWest\t\u202ecod.exe\u200b ", region="\ufeff华东")
    assert (created["name"], created["region"]) == ("Acme West cod.exe", "华东")
    for unseen in ("\u200b", "\u200d\u200d", "\u0007"):
        refused = problem(await client.post("/v1/customers", json={"name": unseen}), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == "#/name"
    for seen in ("👨\u200d👩\u200d👧", "شرکت\u200cها"):
        assert (await create(client, name=seen))["name"] == seen


async def test_each_part_of_the_classification_is_a_filter(client: Client) -> None:
    parts = {
        "type": "intermediate", "intermediate_kind": "agent", "purchasing_power": "high", "size": "large",
        "industry": "telecom", "region": "South", "class": "potential",
    }  # fmt: skip
    one = await create(client, **parts)
    await create(client)
    for name, word in parts.items():
        found = (await client.get("/v1/customers", params={name: word})).json()["data"]
        assert [each["id"] for each in found] == [one["id"]], name


async def test_a_number_is_no_moment(client: Client) -> None:
    for number in ("2026", "0", "1763780000.5"):
        refused = problem(await client.get("/v1/customers", params={"created_at_gte": number}), 422, "unprocessable")
        assert [each["pointer"] for each in refused["errors"]] == ["query:created_at_gte"]
    at = (await create(client))["id"]
    task = {"title": "Call", "subject": {"type": "customer", "id": at}, "due_at": 5}
    refused = problem(await client.post("/v1/tasks", json=task), 422, "unprocessable")
    assert [each["pointer"] for each in refused["errors"]] == ["#/due_at"]


async def test_a_body_where_none_is_taken_is_not_ignored(client: Client) -> None:
    path = f"/v1/customers/{(await create(client))['id']}"
    refused = problem(await client.post(f"{path}/archive", json={"reason": "Gone"}), 422, "unprocessable")
    assert [each["pointer"] for each in refused["errors"]] == ["#"]
    assert (await client.get(path)).json()["archived_at"] is None
    for nothing in (b"", b"{}", b" null "):
        json = {"Content-Type": "application/json"}
        assert (await client.post(f"{path}/archive", content=nothing, headers=json)).status_code == 200
