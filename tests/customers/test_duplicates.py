"""Duplicates through the front door."""

from typing import Any

from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace

CHANGAN: dict[str, Any] = {
    "name": "重庆长安汽车股份有限公司",
    "registration_code": "9150000020286320X6",
    "phone": "138 1234 5678",
    "email": "zhu@changan.example",
    "address": {"city": "重庆"},
}


async def add(client: Client, **new: Any) -> dict[str, Any]:
    response = await client.post("/v1/customers", json=new)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    return made


async def asked(client: Client, **known: Any) -> list[dict[str, Any]]:
    response = await client.post("/v1/customers/duplicates/search", json=known)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


async def test_a_customer_who_is_there_is_not_added_again_unless_one_insists(client: Client, events: Facts) -> None:
    first = await add(client, **CHANGAN)
    refused = problem(await client.post("/v1/customers", json={"name": "重庆长安汽车"}), 409, "possible_duplicates")
    (alike,) = refused["duplicates"]
    assert (alike["masked"], alike["strength"]) == (False, "strong")
    assert alike["reasons"] == [{"reason": "name", "strength": "strong"}]
    assert (alike["customer"]["id"], alike["customer"]["city"]) == (first["id"], "重庆")
    assert await events.types() == ["customer.created"]

    insisted = await client.post("/v1/customers", json={"name": "重庆长安汽车"}, params={"allow_duplicates": True})
    assert insisted.status_code == 201
    assert await events.types() == ["customer.created", "customer.created"]


async def test_the_refusal_speaks_chinese_too(client: Client) -> None:
    await add(client, name="Acme")
    refused = await client.post("/v1/customers", json={"name": "acme"}, headers={"Accept-Language": "zh-CN"})
    assert problem(refused, 409, "possible_duplicates")["title"] == "该客户可能已存在"


async def test_each_reason_is_named(client: Client) -> None:
    await add(client, **CHANGAN)
    for known, reasons in (
        ({"registration_code": "9150000020286320x6"}, {"registration_code": "strong"}),
        ({"name": "重庆长安汽车", "city": "重庆"}, {"name_and_city": "strong"}),
        ({"name": "重庆长安汽车", "city": "成都"}, {"name": "weak"}),
        ({"phone": "0086 138 1234 5678"}, {"phone": "strong"}),
        ({"email": "ZHU@changan.example"}, {"email": "strong"}),
        (
            {"phone": "13812345678", "registration_code": "91350100M000100Y43"},
            {"phone": "weak"},
        ),
    ):
        (found,) = await asked(client, **known)
        assert {why["reason"]: why["strength"] for why in found["reasons"]} == reasons, known
    assert await asked(client, name="长安") == []


async def test_weak_likenesses_alone_do_not_refuse(client: Client) -> None:
    await add(client, name="王伟", kind="person")
    await add(client, name="王伟", kind="person")
    await add(client, name="Acme", email="info@example.com")
    await add(client, name="Globex", email="info@example.com")
    assert len(await asked(client, name="王伟", kind="person")) == 2


async def test_a_taken_registration_code_says_whose_it_is_and_cannot_be_insisted_on(client: Client) -> None:
    first = await add(client, **CHANGAN)
    body = {"name": "Other", "registration_code": CHANGAN["registration_code"]}
    refused = problem(await client.post("/v1/customers", json=body), 409, "registration_code_taken")
    assert refused["duplicates"][0]["customer"]["id"] == first["id"]
    insisted = await client.post("/v1/customers", json=body, params={"allow_duplicates": True})
    problem(insisted, 409, "registration_code_taken")


async def test_of_what_one_may_not_see_only_the_team_is_named(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    hidden = await add(anna, **CHANGAN)
    answers = [
        await ben.post("/v1/customers", json={"name": "重庆长安汽车"}),
        await ben.post("/v1/customers/duplicates/search", json={"name": "重庆长安汽车", "phone": "13812345678"}),
    ]
    assert problem(answers[0], 409, "possible_duplicates")["duplicates"] == [
        {
            "masked": True,
            "strength": "strong",
            "reasons": [{"reason": "name", "strength": "strong"}],
            "team": "North",
            "customer": None,
        }
    ]
    for answer in answers:
        for secret in (hidden["id"], "股份", "9150000020286320X6", "zhu@", "8613812345678", str(workspace.anna.id)):
            assert secret not in answer.text


async def test_the_duplicates_of_a_customer_are_found_and_it_is_not_its_own(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    one = await add(client, **CHANGAN)
    two = await client.post("/v1/customers", json={"name": "重庆长安汽车"}, params={"allow_duplicates": True})
    found = (await client.get(f"/v1/customers/{one['id']}/duplicates")).json()["data"]
    assert [alike["customer"]["id"] for alike in found] == [two.json()["id"]]
    problem(await clients(workspace.ben.token).get(f"/v1/customers/{one['id']}/duplicates"), 404, "not_found")
    await client.post(f"/v1/customers/{two.json()['id']}/archive")
    assert (await client.get(f"/v1/customers/{one['id']}/duplicates")).json()["data"] == []


async def test_a_change_of_name_or_mail_changes_whom_one_is_like(client: Client) -> None:
    one = await add(client, **CHANGAN)
    await client.patch(f"/v1/customers/{one['id']}", json={"name": "Globex Ltd", "email": "x@globex.example"})
    assert await asked(client, name="重庆长安汽车") == []
    assert await asked(client, email="zhu@changan.example") == []
    assert len(await asked(client, name="Globex", email="X@globex.example")) == 1


async def test_another_workspace_has_no_part_in_it(client: Client, clients: Clients, elsewhere: Workspace) -> None:
    await add(client, **CHANGAN)
    assert await asked(clients(elsewhere.admin.token), name=CHANGAN["name"]) == []
    await add(clients(elsewhere.admin.token), **CHANGAN)


async def test_a_question_that_says_nothing_is_refused(client: Client) -> None:
    refused = await client.post("/v1/customers/duplicates/search", json={"city": "重庆"})
    problem(refused, 422, "unprocessable")


async def test_the_search_costs_one_statement(client: Client, queries: list[str]) -> None:
    await asked(client, **{name: value for name, value in CHANGAN.items() if name != "address"})
    queries.clear()
    await asked(client, **{name: value for name, value in CHANGAN.items() if name != "address"})
    assert len([query for query in queries if "customer_tokens" in query]) == 1


async def test_looking_for_duplicates_costs_no_statement_of_its_own_where_nobody_is_alike(
    client: Client, queries: list[str]
) -> None:
    async def statements(**new: Any) -> int:
        queries.clear()
        await add(client, **new)
        return len([query for query in queries if "customer" in query])

    await statements(name="Acme", email="info@example.com")
    assert await statements(name="Quite new", email="info@example.com") == 1
    await statements(name="王伟", kind="person")
    # A namesake: not created at first, looked at, and created then.
    assert await statements(name="王伟", kind="person") == 3
