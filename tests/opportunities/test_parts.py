"""What is sold, what it is worth at home, who decides, what was asked: through the front door."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response
from hypothesis import given
from hypothesis import strategies as st

from crm.opportunities.items import amount_of
from tests.conftest import Client, Clients, Facts, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.selling import AMOUNT, KNOWN, act, change, day, sell

LINE = {"name": "Filling line", "quantity": "2", "price": "240000.00", "discount": "0.05"}


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "amount"),
    [("2", "240000", "0.05", "456000.00"), ("3", "0.05", "0.1", "0.14"), ("1", "99.99", "1", "0.00")],
)
def test_an_item_is_rounded_half_up_once(quantity: str, price: str, discount: str, amount: str) -> None:
    assert amount_of(Decimal(quantity), Decimal(price), Decimal(discount)) == Decimal(amount)


@given(st.decimals(0, 10**6, places=4), st.decimals(0, 10**6, places=2), st.decimals(0, 1, places=4))
def test_no_discount_makes_an_item_dearer(quantity: Decimal, price: Decimal, discount: Decimal) -> None:
    assert 0 <= amount_of(quantity, price, discount) <= amount_of(quantity, price, Decimal(0))


async def put_items(client: Client, sale: dict[str, Any], *items: object, currency: str = "CNY") -> Response:
    return await client.put(f"/v1/opportunities/{sale['id']}/items", json={"currency": currency, "items": list(items)})


async def test_the_sum_of_the_items_is_the_amount(client: Client, events: Facts) -> None:
    sale = await sell(client, amount=AMOUNT)
    made = (await put_items(client, sale, LINE, {"name": "Installation", "price": "12000.00"})).json()
    assert made["amount"] == {"amount": "468000.00", "currency": "CNY"}
    assert [one["amount"] for one in made["items"]] == ["456000.00", "12000.00"]
    (fact,) = await events("opportunity.amount_changed")
    assert fact["payload"] == made
    path = f"/v1/opportunities/{sale['id']}"
    problem(await client.patch(path, json={"amount": AMOUNT}), 409, "amount_comes_from_items")
    assert (await change(client, sale, amount=made["amount"]))["amount"] == made["amount"]
    freed = (await put_items(client, sale)).json()
    assert (freed["items"], freed["amount"]) == ([], made["amount"])
    assert (await change(client, sale, amount=AMOUNT))["amount"] == AMOUNT


async def test_an_item_takes_from_its_product_what_it_does_not_say(client: Client) -> None:
    body = {"name": "GTX Pro", "aliases": ["GTXPro"], "price": {"amount": "4821.00", "currency": "USD"}}
    product = (await client.post("/v1/products", json=body)).json()
    sale = await sell(client)
    made = (await put_items(client, sale, {"product_id": product["id"], "quantity": "3"}, currency="USD")).json()
    assert made["amount"] == {"amount": "14463.00", "currency": "USD"}
    assert (made["items"][0]["name"], made["items"][0]["product_id"]) == ("GTX Pro", product["id"])
    refused = problem(
        await put_items(client, sale, {"product_id": product["id"]}, {"product_id": str(uuid4())}), 422, "unprocessable"
    )
    assert [one["pointer"] for one in refused["errors"]] == ["#/items/0/price", "#/items/1/product_id"]
    assert (await client.get(f"/v1/opportunities/{sale['id']}")).json() == made
    problem(await put_items(client, sale, {"name": "Without a price"}), 422, "unprocessable")


async def test_a_product_is_found_by_any_spelling_and_has_one_code(client: Client) -> None:
    made = (await client.post("/v1/products", json={"name": "GTX Pro", "aliases": ["GTXPro"], "code": "G1"})).json()
    for known in ("GTX Pro", "GTXPro"):
        found = (await client.get("/v1/products", params={"known_as": known})).json()["data"]
        assert [one["id"] for one in found] == [made["id"]]
    problem(await client.post("/v1/products", json={"name": "x", "code": "G1"}), 409, "product_code_taken")
    changed = await client.patch(f"/v1/products/{made['id']}", json={"price": AMOUNT})
    assert changed.json()["price"] == AMOUNT
    assert (await client.post(f"/v1/products/{made['id']}/archive")).json()["archived_at"] is not None
    problem(await client.patch(f"/v1/products/{made['id']}", json={"note": "x"}), 409, "product_archived")
    assert (await client.get("/v1/products")).json()["data"] == []
    assert (await client.post(f"/v1/products/{made['id']}/restore")).json()["archived_at"] is None


async def test_an_amount_is_worth_at_home_what_the_rate_of_its_day_says(client: Client, events: Facts) -> None:
    dollars = {"amount": "1000.00", "currency": "USD"}
    sale = await sell(client, amount=dollars)
    assert sale["own_amount"] is None
    assert (await sell(client, amount=AMOUNT))["own_amount"] == AMOUNT

    async def put(when: str, rate: str) -> dict[str, object]:
        answer = await client.put(f"/v1/exchange-rates/USD/{when}", json={"rate": rate})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = await put(day(-10), "7.00005")
    await put(day(1), "9")
    read = (await client.get(f"/v1/opportunities/{sale['id']}")).json()
    assert read["own_amount"] == {"amount": "7000.05", "currency": "CNY"}
    await put(day(-1), "7.2")
    corrected = await put(day(-1), "7.1")
    assert (corrected["version"], corrected["rate"]) == (2, "7.1000000000")
    assert (await client.get(f"/v1/opportunities/{sale['id']}")).json()["own_amount"]["amount"] == "7100.00"
    lost = (await act(client, sale, "lose", reason="price", closed_on=day(-5))).json()
    assert lost["own_amount"]["amount"] == "7000.05"
    held = await client.get(f"/v1/exchange-rates/USD/{day(-3)}")
    assert held.json()["id"] == first["id"]
    problem(await client.get(f"/v1/exchange-rates/USD/{day(-11)}"), 404, "not_found")
    problem(await client.put(f"/v1/exchange-rates/CNY/{day()}", json={"rate": "1"}), 422, "unprocessable")
    listed = (await client.get("/v1/exchange-rates", params={"currency": "USD"})).json()["data"]
    assert [one["day"] for one in listed] == [day(1), day(-1), day(-10)]
    assert len(await events("exchange_rate.corrected")) == 1


async def test_people_play_roles_and_the_missing_ones_are_named(client: Client) -> None:
    customer_id = await customer_of(client)
    lei = (await contact_of(client, customer_id))["id"]
    sale = await sell(client, customer_id, **KNOWN)
    path = f"/v1/opportunities/{sale['id']}/stakeholders"
    assert (await client.get(path)).json() == {
        "data": [],
        "missing": [{"stage": "contract_sent", "roles": ["decider", "approver"]}],
    }
    put = await client.put(f"{path}/{lei}/champion", json={"influence": 4, "stance": "for"})
    assert put.status_code == 200, put.text
    assert put.json()["version"] == 2
    await client.put(f"{path}/{lei}/decider", json={})
    await client.put(f"{path}/{lei}/champion", json={"influence": 5})
    found = (await client.get(path)).json()
    assert found["missing"] == []
    assert [(one["role"], one["influence"], one["stance"]) for one in found["data"]] == [
        ("champion", 5, None), ("decider", None, None),
    ]  # fmt: skip
    assert (await client.delete(f"{path}/{lei}/decider")).status_code == 200
    problem(await client.delete(f"{path}/{lei}/decider"), 404, "not_found")
    assert [one["role"] for one in (await client.get(path)).json()["data"]] == ["champion"]


async def test_a_contact_of_somebody_else_is_no_stakeholder(client: Client, workspace: Workspace) -> None:
    elsewhere = (await contact_of(client, await customer_of(client, name="Globex")))["id"]
    sale = await sell(client)
    path = f"/v1/opportunities/{sale['id']}/stakeholders/{elsewhere}/decider"
    problem(await client.put(path, json={}), 404, "not_found")
    assert (await client.get(f"/v1/opportunities/{sale['id']}")).json()["version"] == 1


async def test_an_element_of_a_checklist_can_be_a_gate(client: Client) -> None:
    stages = [
        {"key": "first", "name": "First", "probability": "0.2"},
        {"key": "second", "name": "Second", "probability": "0.5", "requires": ["check:meddic.pain"]},
    ]
    pain = {"key": "pain", "name": "Identified pain", "name_zh": "痛点"}
    lists = [{"key": "meddic", "name": "MEDDIC", "elements": [pain, {"key": "champion", "name": "Champion"}]}]
    made = (await client.post("/v1/pipelines", json={"name": "Big", "stages": stages, "checklists": lists})).json()
    sale = await sell(client, pipeline_id=made["id"])
    refused = problem(await act(client, sale, "advance"), 409, "gates_unmet")
    assert [one["code"] for one in refused["missing"]] == ["check:meddic.pain"]
    path = f"/v1/opportunities/{sale['id']}/checks"
    await client.put(f"{path}/meddic", json={"scores": {"pain": 1}})
    problem(await act(client, sale, "advance"), 409, "gates_unmet")
    put = await client.put(f"{path}/meddic", json={"scores": {"pain": 2, "champion": 0}})
    assert put.json()["checks"] == {"meddic": {"pain": 2, "champion": 0}}
    assert (await act(client, sale, "advance")).json()["stage"]["key"] == "second"
    problem(await client.put(f"{path}/bant", json={"scores": {}}), 404, "not_found")
    refused = problem(await client.put(f"{path}/meddic", json={"scores": {"luck": 2}}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "#/scores/luck"


async def test_a_review_plans_the_next_one_by_the_grade(client: Client, events: Facts) -> None:
    sale = await sell(client, expected_close_on=day(3))
    path = f"/v1/opportunities/{sale['id']}/review"
    reviewed = (await client.post(path)).json()
    assert (reviewed["grade"], reviewed["reviewed_on"], reviewed["review_due_on"]) == ("H", day(), day(1))
    assert (await client.post(path)).json() == reviewed
    assert len(await events("opportunity.reviewed")) == 1
    assert (await change(client, sale, expected_close_on=day(60)))["review_due_on"] == day(30)


async def test_what_is_closed_keeps_its_parts(clients: Clients, workspace: Workspace) -> None:
    anna = clients(workspace.anna.token)
    customer_id = await customer_of(anna)
    lei = (await contact_of(anna, customer_id))["id"]
    sale = await sell(anna, customer_id)
    await act(anna, sale, "lose", reason="price")
    path = f"/v1/opportunities/{sale['id']}"
    for method, part, body in [
        ("PUT", "items", {"currency": "CNY", "items": [LINE]}),
        ("PUT", f"stakeholders/{lei}/decider", {}),
        ("POST", "review", None),
        ("PATCH", "", {"note": "x"}),
    ]:
        refused = await anna.request(method, f"{path}/{part}".rstrip("/"), json=body)
        assert problem(refused, 409, "opportunity_closed")["state"] == "lost"
