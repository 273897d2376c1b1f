"""Contacts through the front door."""

from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace


async def customer_of(client: Client, **more: Any) -> str:
    """A customer's id."""
    response = await client.post("/v1/customers", json={"name": "Acme"} | more)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def create(client: Client, customer_id: str, **more: Any) -> dict[str, Any]:
    """A contact as it was created."""
    response = await client.post("/v1/contacts", json={"customer_id": customer_id, "name": "Li Lei"} | more)
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def names(client: Client, **wanted: Any) -> list[str]:
    """The names in a list of contacts."""
    response = await client.get("/v1/contacts", params=wanted)
    assert response.status_code == 200, response.text
    return [contact["name"] for contact in response.json()["data"]]


async def test_a_created_contact_is_answered_as_it_is_read_and_leaves_its_fact(client: Client, events: Facts) -> None:
    customer_id = await customer_of(client)
    response = await client.post(
        "/v1/contacts",
        json={
            "customer_id": customer_id,
            "name": "曾国藩",
            "title": "Director",
            "level": "top",
            "roles": ["decider", "decider", "buyer"],
            "phones": ["0086-13812345678", "+86 138 1234 5678", "010-62345678"],
            "emails": ["zeng@example.com"],
            "birthday": {"calendar": "lunar", "month": 4, "day": 30, "leap": True},
        },
    )
    created = response.json()
    assert response.headers["location"] == f"/v1/contacts/{created['id']}"
    assert created["customer"] == {"id": customer_id, "name": "Acme"}
    assert created["phones"] == ["+8613812345678", "+861062345678"]
    unknown = {"influence": None, "stance": None}
    assert created["roles"] == [{"role": "decider"} | unknown, {"role": "buyer"} | unknown]
    assert created["birthday"] == {"calendar": "lunar", "year": None, "month": 4, "leap": True, "day": 30}

    read = await client.get(f"/v1/contacts/{created['id']}")
    assert read.content == response.content
    (fact,) = await events("contact.created")
    assert fact["payload"] == created
    assert str(fact["customer_id"]) == customer_id


async def test_an_update_says_what_changed_and_nothing_else(client: Client, events: Facts) -> None:
    created = await create(client, await customer_of(client), phones=["13812345678"], title="Clerk")
    path = f"/v1/contacts/{created['id']}"
    changed = (await client.patch(path, json={"title": None, "phones": []})).json()
    assert (changed["title"], changed["phones"], changed["version"]) == (None, [], 2)
    (fact,) = await events("contact.updated")
    assert fact["changes"] == {"title": ["Clerk", None], "phones": [["+8613812345678"], []]}
    assert (await client.patch(path, json={"phones": []})).json() == changed
    assert len(await events("contact.updated")) == 1


async def test_a_stale_copy_is_refused(client: Client) -> None:
    created = await create(client, await customer_of(client))
    path = f"/v1/contacts/{created['id']}"
    await client.patch(path, json={"title": "Clerk"})
    problem(await client.patch(path, json={"title": "Head"}, headers={"If-Match": '"1"'}), 412, "stale")


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"phones": ["12012345678"]}, "#/phones/0"),
        ({"phones": ["13812345678", "138123456789"]}, "#/phones/1"),
        ({"emails": ["a@example.com", "nobody"]}, "#/emails/1"),
        ({"level": "highest"}, "#/level"),
        ({"roles": ["boss"]}, "#/roles/0"),
        ({"name": " "}, "#/name"),
        ({"birthday": {"month": 2, "day": 30}}, "#/birthday/day"),
        ({"birthday": {"month": 2, "day": 29, "year": 2023}}, "#/birthday/day"),
        ({"birthday": {"month": 13, "day": 1}}, "#/birthday/month"),
        ({"birthday": {"month": 4, "day": 1, "leap": True}}, "#/birthday/leap"),
        ({"birthday": {"calendar": "lunar", "month": 2, "day": 31}}, "#/birthday/day"),
        ({"next_birthday_on": "2027-01-01"}, "#/next_birthday_on"),
    ],
)
async def test_what_cannot_be_is_refused_by_its_pointer(
    client: Client, events: Facts, wrong: dict[str, Any], pointer: str
) -> None:
    body = {"customer_id": await customer_of(client), "name": "Li Lei"} | wrong
    refused = problem(await client.post("/v1/contacts", json=body), 422, "unprocessable")
    assert [error["pointer"] for error in refused["errors"]] == [pointer]
    assert await events("contact.created") == []


@pytest.mark.parametrize(
    "birthday",
    [
        {"month": 2, "day": 29},
        {"month": 2, "day": 29, "year": 2024},
        {"calendar": "lunar", "month": 2, "day": 30},
        {"calendar": "solar", "month": 12, "day": 31, "year": 1980, "leap": False},
    ],
)
async def test_birthdays_that_can_be_are_kept(client: Client, birthday: dict[str, Any]) -> None:
    created = await create(client, await customer_of(client), birthday=birthday)
    assert created["birthday"] == {"calendar": "solar", "year": None, "leap": False} | birthday


async def test_there_is_no_contact_of_a_customer_who_is_not_there(
    client: Client, clients: Clients, elsewhere: Workspace, events: Facts
) -> None:
    of_another_workspace = await customer_of(clients(elsewhere.admin.token))
    for customer_id in (str(uuid4()), of_another_workspace):
        refused = await client.post("/v1/contacts", json={"customer_id": customer_id, "name": "Li Lei"})
        (error,) = problem(refused, 422, "unprocessable")["errors"]
        assert (error["pointer"], error["code"]) == ("#/customer_id", "not_found")
    assert await events.types() == []


async def test_a_contact_is_seen_by_those_who_see_its_customer(clients: Clients, workspace: Workspace) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    customer_id = await customer_of(anna)
    path = f"/v1/contacts/{(await create(anna, customer_id))['id']}"
    problem(await ben.get(path), 404, "not_found")
    problem(await ben.patch(path, json={"title": "Boss"}), 404, "not_found")
    problem(await ben.post(f"{path}/archive"), 404, "not_found")
    problem(await ben.post("/v1/contacts", json={"customer_id": customer_id, "name": "X"}), 422, "unprocessable")
    assert await names(ben) == []
    assert await names(anna) == await names(manager) == await names(clients(workspace.auditor.token)) == ["Li Lei"]
    assert (await manager.get(path)).status_code == 200


async def test_another_workspace_sees_nothing(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    created = await create(client, await customer_of(client))
    stranger = clients(elsewhere.admin.token)
    problem(await stranger.get(f"/v1/contacts/{created['id']}"), 404, "not_found")
    assert await names(stranger) == []


async def test_nothing_changes_under_an_archived_customer(client: Client) -> None:
    customer_id = await customer_of(client)
    path = f"/v1/contacts/{(await create(client, customer_id))['id']}"
    away = f"/v1/contacts/{(await create(client, customer_id, name='Han Meimei'))['id']}"
    await client.post(f"{away}/archive")
    await client.post(f"/v1/customers/{customer_id}/archive")
    new = {"customer_id": customer_id, "name": "X"}
    problem(await client.post("/v1/contacts", json=new), 409, "customer_archived")
    problem(await client.patch(path, json={"title": "Boss"}), 409, "customer_archived")
    problem(await client.post(f"{away}/restore"), 409, "customer_archived")
    assert (await client.get(path)).status_code == 200


async def test_an_archived_contact_leaves_the_list_and_comes_back(client: Client, events: Facts) -> None:
    path = f"/v1/contacts/{(await create(client, await customer_of(client)))['id']}"
    archived = (await client.post(f"{path}/archive")).json()
    assert archived["archived_at"] is not None
    assert (await client.post(f"{path}/archive")).json() == archived
    assert await names(client) == []
    assert await names(client, archived=True) == ["Li Lei"]
    problem(await client.patch(path, json={"title": "Boss"}), 409, "contact_archived")
    restored = (await client.post(f"{path}/restore")).json()
    assert restored["archived_at"] is None
    assert (await client.post(f"{path}/restore")).json() == restored
    assert (await events.types())[2:] == ["contact.archived", "contact.restored"]


async def test_contacts_are_found_by_name_pinyin_initials_and_any_phone(client: Client) -> None:
    customer_id = await customer_of(client)
    await create(client, customer_id, name="单雄信", phones=["13900001234", "010-62345678"])
    await create(client, customer_id)
    for query in ("雄信", "shan", "sxx", "dan", "dxx", "1234", "5678", "139 0000", "单 1234"):
        assert await names(client, q=query) == ["单雄信"], query
    assert await names(client, q="nobody") == []


async def test_a_changed_phone_is_found_and_the_old_one_is_not(client: Client) -> None:
    path = f"/v1/contacts/{(await create(client, await customer_of(client), phones=['13900001234']))['id']}"
    await client.patch(path, json={"phones": ["13800005678"]})
    for query, many in (("1234", 0), ("5678", 1), ("lilei", 1)):
        assert len(await names(client, q=query)) == many, query


async def test_a_search_finds_no_customer_of_the_same_name(client: Client) -> None:
    await create(client, await customer_of(client, name="Globex"), name="Acme")
    found = (await client.get("/v1/customers", params={"q": "acme"})).json()["data"]
    assert found == []
    assert await names(client, q="globex") == []


async def test_filters_narrow_and_names_sort(client: Client) -> None:
    one, other = await customer_of(client), await customer_of(client)
    await create(client, one, name="Carl", level="top", roles=["decider"])
    await create(client, one, name="anna", level="base", roles=["user", "buyer"])
    await create(client, other, name="Bob", level="top")
    for wanted, expected in (
        ({"customer_id": one}, ["anna", "Carl"]),
        ({"level": "top"}, ["Bob", "Carl"]),
        ({"role": ["buyer", "decider"]}, ["anna", "Carl"]),
        ({"created_at_gte": "2100-01-01T00:00:00Z"}, []),
        ({}, ["anna", "Bob", "Carl"]),
    ):
        assert await names(client, sort="name", **wanted) == expected, wanted


async def test_pages_follow_each_other_without_gap_or_repeat(client: Client) -> None:
    customer_id = await customer_of(client)
    made = [(await create(client, customer_id, name=f"Person {number}"))["id"] for number in range(5)]
    for sort, expected in (("-created_at", made[::-1]), ("name", made)):
        seen: list[str] = []
        more: dict[str, str] = {}
        while True:
            page = (await client.get("/v1/contacts", params={"limit": "2", "sort": sort} | more)).json()
            seen += [contact["id"] for contact in page["data"]]
            if page["next_cursor"] is None:
                break
            more = {"cursor": page["next_cursor"]}
        assert seen == expected, sort


async def test_a_list_and_a_read_are_one_statement_each(
    clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    anna = clients(workspace.anna.token)
    customer_id = await customer_of(anna)
    for _ in range(3):
        created = await create(anna, customer_id)
    queries.clear()
    await names(anna, include_total=True)
    assert len(queries) == 1
    await anna.get(f"/v1/contacts/{created['id']}")
    assert len(queries) == 2


async def test_a_taken_id_is_refused(client: Client, events: Facts) -> None:
    customer_id = await customer_of(client)
    created = await create(client, customer_id)
    again = {"id": created["id"], "customer_id": customer_id, "name": "X"}
    problem(await client.post("/v1/contacts", json=again), 409, "already_exists")
    assert len(await events("contact.created")) == 1
