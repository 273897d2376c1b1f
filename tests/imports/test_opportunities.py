"""Sales come in from another system: with the days on which they began and ended, found by what people call things."""

from typing import Any

import pytest_asyncio

from crm.pipelines.defaults import open_first_pipeline
from services.worker.importing import import_round
from tests.conftest import Client, Clients, Stage
from tests.factories import Workspace
from tests.imports.steps import Worker, counts, form, run, told

HEADING = "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value"
FILE = f"""{HEADING}
A1,Anna Li,GTXPro,Acme,Won,20-10-16,01-03-17,4500
A2,anna@example.com,GTX Pro,Acme,Lost,25-10-16,11-03-17,0
A3,Anna Li,MG,,Engaging,07-03-17,,
A4,Anna Li,MG,Acme,Prospecting,,,
"""
AS_OF_OLD = {
    "kind": "opportunities",
    "date_order": "day_first",
    "values": {"deal_stage": {"Prospecting": "new", "Engaging": "contacted"}},
    "defaults": {"lost_reason": "other"},
}


@pytest_asyncio.fixture(autouse=True)
async def surroundings(client: Client, stage: Stage, workspace: Workspace) -> None:
    """A pipeline, a customer, a colleague and two products, one of which is spelled in two ways."""
    async with stage.database.transaction(workspace.admin.actor) as tx:
        await open_first_pipeline(tx)
    for path, body in (
        ("customers", {"name": "Acme"}),
        ("users", {"name": "Anna Li", "email": "anna@example.com", "role": "sales"}),
        ("products", {"name": "GTX Pro", "aliases": ["GTXPro"], "price": {"amount": "4821.00", "currency": "CNY"}}),
        ("products", {"name": "MG", "price": {"amount": "55.00", "currency": "CNY"}}),
    ):
        made = await client.post(f"/v1/{path}", json=body)
        assert made.status_code == 201, made.text


async def sales(client: Client, **asked: Any) -> dict[str, dict[str, Any]]:
    """The opportunities by reference."""
    response = await client.get("/v1/opportunities", params={"limit": 200, **asked})
    assert response.status_code == 200, response.text
    return {one["reference"]: one for one in response.json()["data"]}


async def test_sales_come_in_with_their_days_owners_products_and_ends(client: Client, worker: Worker) -> None:
    done = await run(client, worker, FILE, **AS_OF_OLD)
    assert (counts(done), await told(client, done)) == (("done", 4, 0, 0, 0), [])
    found = await sales(client)
    won = found["A1"]
    assert (won["state"], won["opened_on"], won["closed_on"]) == ("won", "2016-10-20", "2017-03-01")
    assert won["amount"] == {"amount": "4500.00", "currency": "CNY"}
    assert [(one["name"], one["amount"]) for one in won["items"]] == [("GTX Pro", "4500.00")]
    assert (won["owner"]["name"], won["customer"]["name"], won["name"]) == ("Anna Li", "Acme", "GTX Pro · Acme")
    assert (found["A2"]["state"], found["A2"]["lost_reason"]) == ("lost", "other")
    assert (found["A3"]["stage"]["key"], found["A3"]["customer_id"]) == ("contacted", None)
    assert found["A3"]["amount"] == {"amount": "55.00", "currency": "CNY"}, "the product's price"
    assert (await sales(client, without_customer=True)).keys() == {"A3"}
    history = (await client.get(f"/v1/opportunities/{won['id']}/stage-history")).json()["data"]
    assert [(one["move"], one["to_state"], one["moved_at"][:10]) for one in history] == [
        ("create", "open", "2016-10-19"),
        ("win", "won", "2017-03-01"),
    ], "as long ago as it was; midnight in Shanghai is the day before in UTC"


async def test_the_same_file_twice_makes_nothing_new(client: Client, worker: Worker) -> None:
    await run(client, worker, FILE, **AS_OF_OLD)
    before = await sales(client)
    again = await run(client, worker, FILE, **AS_OF_OLD)
    assert counts(again) == ("done", 0, 0, 4, 0)
    assert await sales(client) == before


async def test_what_went_on_elsewhere_goes_on_here(client: Client, worker: Worker) -> None:
    await run(client, worker, FILE, **AS_OF_OLD)
    later = f"{HEADING}\nA3,Anna Li,MG,Acme,Won,07-03-17,01-04-17,50\nA4,Anna Li,MG,Acme,Engaging,,,\n"
    done = await run(client, worker, later, **AS_OF_OLD)
    assert (counts(done), await told(client, done)) == (("done", 0, 2, 0, 0), [])
    found = await sales(client)
    won = found["A3"]
    assert (won["state"], won["closed_on"], won["customer"]["name"]) == ("won", "2017-04-01", "Acme")
    assert (won["amount"]["amount"], [one["amount"] for one in won["items"]]) == ("50.00", ["50.00"])
    assert found["A4"]["stage"]["key"] == "contacted"
    history = (await client.get(f"/v1/opportunities/{won['id']}/stage-history")).json()["data"]
    assert [one["move"] for one in history] == ["create", "win"]


async def test_what_was_closed_here_is_not_opened_by_a_file(client: Client, worker: Worker) -> None:
    await run(client, worker, FILE, **AS_OF_OLD)
    done = await run(client, worker, f"{HEADING}\nA1,Anna Li,GTX Pro,Acme,Lost,20-10-16,01-03-17,0\n", **AS_OF_OLD)
    assert await told(client, done) == [(2, True, "deal_stage", "opportunity_closed")]


async def test_each_bad_line_is_told_with_its_column(client: Client, worker: Worker) -> None:
    bad = f"""{HEADING}
B1,Nobody,MG,Acme,Engaging,20-10-16,,
B2,Anna Li,GTX,Acme,Engaging,20-10-16,,
B3,Anna Li,MG,Nowhere,Engaging,20-10-16,,
B4,Anna Li,MG,Acme,Dreaming,20-10-16,,
B5,Anna Li,MG,Acme,Won,20-10-16,,50
B6,Anna Li,MG,Acme,Won,20-10-16,19-10-16,50
B7,Anna Li,MG,Acme,Won,32-10-16,01-11-16,50
B8,Anna Li,,Acme,Won,20-10-16,01-11-16,
"""
    done = await run(client, worker, bad, **AS_OF_OLD)
    assert counts(done) == ("done", 0, 0, 0, 8)
    assert await told(client, done) == [
        (2, True, "sales_agent", "owner_unknown"),
        (3, True, "product", "product_unknown"),
        (4, True, "account", "customer_unknown"),
        (5, True, "deal_stage", "stage_unknown"),
        (6, True, "close_date", "missing"),
        (7, True, "close_date", "before_it_began"),
        (8, True, "engage_date", "day_unclear"),
        (9, True, "close_value", "missing"),
    ]
    assert not await sales(client)


async def test_days_that_can_be_read_in_several_ways_need_an_order(client: Client, worker: Worker) -> None:
    told_order = AS_OF_OLD | {"date_order": "month_first"}
    done = await run(client, worker, f"{HEADING}\nC1,Anna Li,MG,Acme,Engaging,03-11-16,,\n", **told_order)
    assert (await sales(client))["C1"]["opened_on"] == "2016-03-11", done
    without = {name: value for name, value in AS_OF_OLD.items() if name != "date_order"}
    done = await run(client, worker, f"{HEADING}\nC2,Anna Li,MG,Acme,Engaging,03-11-16,,\n", **without)
    assert await told(client, done) == [(2, True, "engage_date", "day_unclear")]


async def test_an_undo_archives_what_came_and_the_file_can_be_sent_again(client: Client, worker: Worker) -> None:
    done = await run(client, worker, FILE, **AS_OF_OLD)
    used = (await sales(client))["A4"]
    assert (await client.patch(f"/v1/opportunities/{used['id']}", json={"note": "Called"})).status_code == 200
    assert (await client.post(f"/v1/imports/{done['id']}/undo")).status_code == 200
    while await import_round(worker):
        pass
    undone = (await client.get(f"/v1/imports/{done['id']}")).json()
    assert (undone["state"], undone["undone_count"], undone["left_count"]) == ("undone", 3, 1)
    left = (await client.get(f"/v1/imports/{done['id']}/leftovers")).json()["data"]
    assert left == [{"customer_id": None, "opportunity_id": used["id"], "reason": "used_since", "fields": []}]
    assert (await sales(client)).keys() == {"A4"}
    assert counts(await run(client, worker, FILE, **AS_OF_OLD))[:2] == ("done", 3)


async def test_a_preview_shows_what_a_line_says_and_stores_nothing(client: Client) -> None:
    response = await client.post("/v1/imports/preview", **form(FILE, **AS_OF_OLD))
    assert response.status_code == 200, response.text
    shown = response.json()
    assert shown["mapping"] == {
        "opportunity_id": "reference", "sales_agent": "owner", "product": "product", "account": "customer",
        "deal_stage": "stage", "engage_date": "opened_on", "close_date": "closed_on", "close_value": "amount.amount",
    }  # fmt: skip
    assert shown["rows"][0]["opportunity"]["opened_on"] == "2016-10-20"
    assert shown["found"]["product"] == {"MG": 2, "GTXPro": 1, "GTX Pro": 1}
    assert not await sales(client)


async def test_an_undo_gives_fields_back_and_says_which_it_cannot(client: Client, worker: Worker) -> None:
    await run(client, worker, FILE, **AS_OF_OLD)
    before = await sales(client)
    later = "opportunity_id,next_step,competitor,close_value\nA3,Call,Globex,60\nA4,Write,,\n"
    done = await run(client, worker, later, kind="opportunities", mapping={"close_value": "skip"})
    assert counts(done) == ("done", 0, 2, 0, 0), await told(client, done)
    changed = await client.patch(f"/v1/opportunities/{before['A3']['id']}", json={"competitor": "Initech"})
    assert changed.status_code == 200
    assert (await client.post(f"/v1/imports/{done['id']}/undo")).status_code == 200
    while await import_round(worker):
        pass
    found = await sales(client)
    assert [(found[one]["next_step"], found[one]["competitor"]) for one in ("A3", "A4")] == [
        (None, "Initech"),
        (None, None),
    ]
    (left,) = (await client.get(f"/v1/imports/{done['id']}/leftovers")).json()["data"]
    assert (left["opportunity_id"], left["reason"], left["fields"]) == (
        before["A3"]["id"],
        "changed_since",
        ["competitor"],
    )


async def test_states_in_either_language_and_a_rest_come_in_too(client: Client, worker: Worker) -> None:
    file = (
        "商机编号,商机名称,客户,负责人,阶段,金额,创建日期,成交日期,恢复日期,资金,概率,输单原因\n"
        'K1,灌装线,Acme,Anna Li,赢单,"1,250,000.50",2026年1月5日,2026/3/1,,是,,\n'
        "K2,包装线,Acme,Anna Li,输单,100,2026-01-05,2026.3.1,,否,,价格\n"
        "K3,仓库,Acme,Anna Li,搁置,100,2026-01-05,,2090-01-01,,30%,\n"
        "K4,货架,Acme,Anna Li,方案报价,100,2026-01-05,,,,,\n"
    )
    done = await run(client, worker, file, kind="opportunities")
    assert (counts(done), await told(client, done)) == (("done", 4, 0, 0, 0), [])
    found = await sales(client)
    assert [found[one]["state"] for one in ("K1", "K2", "K3", "K4")] == ["won", "lost", "on_hold", "open"]
    assert (found["K1"]["amount"]["amount"], found["K1"]["closed_on"], found["K1"]["money"]) == (
        "1250000.50",
        "2026-03-01",
        "yes",
    )
    assert (found["K2"]["lost_reason"], found["K3"]["probability"]) == ("price", "0.3000")
    assert found["K4"]["stage"]["key"] == "proposal"
    moves = (await client.get(f"/v1/opportunities/{found['K3']['id']}/stage-history")).json()["data"]
    assert [one["move"] for one in moves] == ["create", "hold"]


async def test_a_seller_finds_only_customers_they_see(
    client: Client, clients: Clients, worker: Worker, workspace: Workspace
) -> None:
    anna = clients(workspace.anna.token)
    line = "opportunity_id,account,name\nZ1,Acme,Mine\n"
    done = await run(anna, worker, line, kind="opportunities")
    assert await told(anna, done) == [(2, True, "account", "customer_unknown")]
    assert not await sales(client)
