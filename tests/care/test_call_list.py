"""Whom to call today: the worked example of ``domain.md`` D10 through the front door, and what callers keep."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from crm.care.rules import month_of_calls
from crm.pipelines.defaults import open_first_pipeline
from tests.care.people import at, chinese_calendar, customer, last_contact, touch
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace

TODAY = "2026-11-23"

D10: list[tuple[str, int, str, str, str | None, str | None]] = [
    # id, progress, contract, intention, last contact, next call
    ("A01", 5, "none", "good", "2026-11-18", "2026-11-23"),
    ("A02", 4, "none", "possible", "2026-11-09", None),
    ("A03", 7, "expired", "unclear", "2026-10-20", "2026-11-20"),
    ("A04", 6, "active", "good", "2026-11-20", "2026-11-30"),
    ("A05", 1, "none", "unclear", None, None),
    ("A06", 0, "none", "poor", "2026-11-19", None),
    ("A07", 1, "none", "unclear", "2026-09-15", None),
    ("A08", 4, "none", "good", "2026-10-01", None),
    ("A09", 6, "active", "possible", "2026-08-01", None),
    ("A10", 7, "expired", "good", "2026-11-01", "2026-11-23"),
    ("A11", 1, "none", "very_likely", "2026-11-21", "2026-11-23"),
    ("A12", 5, "none", "good", "2026-11-23", "2026-11-23"),
]
CONTRACT_ENDS = {"none": None, "active": TODAY, "expired": "2026-11-22"}


async def the_example(client: Client, workspace: Workspace) -> dict[str, str]:
    ids = {}
    for name, progress, contract, intention, last, following in D10:
        ids[name] = await customer(client, name, do_not_contact=name == "A08")
        kept = {
            "progress_code": progress,
            "intention": intention,
            "contract_ends_on": CONTRACT_ENDS[contract],
            "next_call_on": following,
        }
        response = await client.patch(f"/v1/call-list/{ids[name]}", json=kept)
        assert response.status_code == 200, response.text
        await last_contact(workspace, ids[name], last)
    return ids


async def the_list(client: Client, **query: Any) -> dict[str, Any]:
    response = await client.get("/v1/call-list", params={"date": TODAY, **query})
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def names(found: dict[str, Any]) -> list[str]:
    return [line["customer"]["name"] for line in found["data"]]


async def test_the_worked_example_gives_the_six_in_their_order_with_their_reasons(
    client: Client, workspace: Workspace, queries: list[str]
) -> None:
    await the_example(client, workspace)
    queries.clear()
    found = await the_list(client, capacity=6)
    assert len(queries) == 1
    assert names(found) == ["A10", "A01", "A03", "A11", "A02", "A05"]
    assert [line["reasons"] for line in found["data"]] == [
        ["intention_good", "contract_expired"],
        ["progress_5", "intention_good"],
        ["contract_expired"],
        ["intention_very_likely"],
        ["progress_4"],
        [],
    ]
    assert [line["tier"] for line in found["data"]] == [1, 1, 1, 1, 1, 2]
    assert [line["place"] for line in found["data"]] == [1, 2, 3, 4, 5, 6]
    assert found["left_out"] == {"do_not_contact": 1, "contacted_today": 1, "next_call_later": 1, "pressure_capped": 0}
    assert found["callable"] == 9
    assert found["data"][1]["contract_state"] == "none"
    assert found["data"][1]["last_contact_on"] == "2026-11-18"


async def test_those_beyond_the_capacity_follow_in_their_order(client: Client, workspace: Workspace) -> None:
    await the_example(client, workspace)
    found = await the_list(client)
    assert names(found) == ["A10", "A01", "A03", "A11", "A02", "A05", "A09", "A07", "A06"]
    assert found["capacity"] == 60


async def test_a_workspace_may_make_fewer_calls_a_day(client: Client, workspace: Workspace) -> None:
    await workspace.owner.execute(
        """UPDATE workspaces SET settings = settings || '{"calls": {"capacity": 2}}'::jsonb WHERE workspace_id = $1""",
        workspace.id,
    )
    await the_example(client, workspace)
    assert names(await the_list(client)) == ["A10", "A01"]


@pytest.mark.parametrize(
    ("days", "need", "capacity", "percent"),
    [(22, 46, 1320, 100.0), (21, 48, 1260, 100.0), (18, 56, 1080, 100.0), (16, 63, 960, 96.0), (0, None, 0, 0.0)],
)
def test_a_month_needs_so_many_calls_a_day_and_february_reaches_96_percent(
    days: int, need: int | None, capacity: int, percent: float
) -> None:
    month = month_of_calls(1000, days, 60)
    assert (month.need_per_day, month.capacity, month.reachable_percent) == (need, capacity, percent)


def test_nearly_everyone_is_not_everyone_and_nobody_is_no_share() -> None:
    assert month_of_calls(10_000, 1, 9_999).reachable_percent == 99.9
    assert month_of_calls(0, 20, 60).reachable_percent is None


@pytest.mark.parametrize(
    ("day", "working_days"), [("2026-11-23", 21), ("2026-10-15", 18), ("2026-02-28", 16), ("2031-11-03", 20)]
)
async def test_the_month_counts_the_working_days_of_the_persons_calendar(
    client: Client, day: str, working_days: int
) -> None:
    await chinese_calendar(client)
    await customer(client, "Acme")
    await customer(client, "Beta", do_not_contact=True)
    month = (await the_list(client, date=day, capacity=60))["month"]
    assert (month["working_days"], month["customers"], month["need_per_day"]) == (working_days, 1, 1)


async def test_without_a_calendar_monday_to_friday_count(client: Client) -> None:
    assert (await the_list(client, date="2026-10-15"))["month"]["working_days"] == 22


async def test_whom_we_touched_enough_is_left_out_and_said_to_be(client: Client, workspace: Workspace) -> None:
    pressed, free = await customer(client, "Pressed"), await customer(client, "Free")
    for day in ("2026-11-19", "2026-11-20", "2026-11-21"):
        await touch(client, pressed, at(day), outcome="left_message")
        await touch(client, free, at(day), outcome="no_answer")
        await touch(client, free, at(day), direction="inbound")
    await last_contact(workspace, free, "2026-11-19")
    found = await the_list(client)
    assert names(found) == ["Free"]
    assert found["left_out"]["pressure_capped"] == 1
    # On the 26th the touch of the 19th is the eighth day back.
    assert names(await the_list(client, date="2026-11-26")) == ["Pressed", "Free"]


async def test_a_customer_is_called_as_long_as_somebody_there_was_not_touched_enough(client: Client) -> None:
    acme = await customer(client, "Acme")
    people = []
    for name in ("Li", "Wang"):
        made = await client.post("/v1/contacts", json={"customer_id": acme, "name": name})
        people.append(made.json()["id"])
    for day in ("2026-11-19", "2026-11-20", "2026-11-21"):
        await touch(client, acme, at(day), contact_id=people[0], outcome="left_message")
    assert names(await the_list(client)) == ["Acme"]
    shown = (await client.get(f"/v1/customers/{acme}/pressure")).json()
    assert (shown["last_7_days"], shown["capped"]) == (3, False)
    by_name = {one["name"]: one for one in shown["contacts"]}
    assert (by_name["Li"]["last_7_days"], by_name["Li"]["capped"]) == (3, True)
    assert (by_name["Wang"]["last_30_days"], by_name["Wang"]["capped"]) == (0, False)
    for day in ("2026-11-19", "2026-11-20", "2026-11-21"):
        await touch(client, acme, at(day), outcome="left_message")
    assert names(await the_list(client)) == [], "what names nobody may have been anybody"
    assert (await client.get(f"/v1/customers/{acme}/pressure")).json()["capped"] is True


async def test_a_touch_too_many_is_written_down_with_a_warning(client: Client) -> None:
    acme = await customer(client, "Acme")
    body = {"customer_id": acme, "channel": "call", "outcome": "left_message"}
    said = [(await client.post("/v1/interactions", json=body)).headers.get("rapport-warning") for _ in range(3)]
    assert said == [None, None, "contact_pressure; last_7_days=3; last_30_days=3"]
    theirs = await client.post("/v1/interactions", json={**body, "direction": "inbound"})
    assert (theirs.status_code, "rapport-warning" in theirs.headers) == (201, False)
    assert (await client.post("/v1/interactions", json=body)).headers["rapport-warning"].startswith("contact_pressure")


async def test_six_touches_in_thirty_days_are_enough_too(client: Client) -> None:
    acme = await customer(client, "Acme")
    for day in ("2026-10-25", "2026-10-29", "2026-11-02", "2026-11-06", "2026-11-10", "2026-11-14"):
        await touch(client, acme, at(day), outcome="left_message")
    assert (await the_list(client))["left_out"]["pressure_capped"] == 1
    assert names(await the_list(client, date="2026-11-24")) == ["Acme"]


async def test_after_the_call_the_next_date_is_set_and_it_is_a_fact(client: Client, events: Facts) -> None:
    acme = await customer(client)
    first = await client.patch(f"/v1/call-list/{acme}", json={"next_call_on": "2026-12-01"})
    assert (first.status_code, first.json()["next_call_on"], first.json()["version"]) == (200, "2026-12-01", 1)
    second = await client.patch(f"/v1/call-list/{acme}", json={"intention": "good"}, headers={"If-Match": '"1"'})
    assert (second.json()["next_call_on"], second.json()["intention"], second.json()["version"]) == (
        "2026-12-01", "good", 2,
    )  # fmt: skip
    same = await client.patch(f"/v1/call-list/{acme}", json={"intention": "good"})
    assert (same.status_code, same.json()["version"]) == (200, 2)
    stale = await client.patch(f"/v1/call-list/{acme}", json={"intention": "poor"}, headers={"If-Match": '"1"'})
    problem(stale, 412, "stale")
    facts = await events("customer_call.kept")
    assert [fact["customer_id"] for fact in facts] == [UUID(acme)] * 2
    assert facts[1]["changes"]["intention"] == [None, "good"]


async def test_what_cannot_be_kept_is_refused_and_an_archived_customer_is_left_alone(client: Client) -> None:
    acme = await customer(client)
    for wrong in ({"progress_code": 8}, {"intention": "great"}, {"next_call_on": "soon"}, {"unknown": 1}):
        assert (await client.patch(f"/v1/call-list/{acme}", json=wrong)).status_code == 422
    problem(await client.patch(f"/v1/call-list/{uuid4()}", json={"progress_code": 1}), 404, "not_found")
    await client.post(f"/v1/customers/{acme}/archive")
    problem(await client.patch(f"/v1/call-list/{acme}", json={"progress_code": 1}), 409, "customer_archived")
    assert names(await the_list(client)) == []


async def test_one_sees_the_lists_of_those_one_looks_after_and_no_others(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben, manager = (clients(getattr(workspace, who).token) for who in ("anna", "ben", "manager"))
    acme = await customer(anna, "Acme")
    assert names(await the_list(anna)) == ["Acme"]
    assert names(await the_list(manager, user_id=str(workspace.anna.id))) == ["Acme"]
    refused = await ben.get("/v1/call-list", params={"user_id": str(workspace.anna.id)})
    problem(refused, 422, "unprocessable")
    problem(await ben.patch(f"/v1/call-list/{acme}", json={"progress_code": 1}), 404, "not_found")
    problem(await ben.get(f"/v1/customers/{acme}/pressure"), 404, "not_found")
    key = clients(await workspace.key("customers:read"))
    problem(await key.get("/v1/call-list"), 422, "unprocessable")


async def test_the_sales_of_a_customer_say_how_far_things_are_until_a_caller_says_more(
    client: Client, stage: Stage, workspace: Workspace
) -> None:
    async with stage.database.transaction(workspace.admin.actor) as tx:
        await open_first_pipeline(tx)
    names_of = ("Early", "Late", "Sold", "Quiet")
    ids = {name: await customer(client, name) for name in names_of}
    sales = {
        name: (await client.post("/v1/opportunities", json={"customer_id": ids[name], "name": name})).json()["id"]
        for name in names_of[:3]
    }
    moved = (
        "UPDATE opportunities SET intention = $2, stage_id = (SELECT s.id FROM pipeline_stages AS s WHERE s.key = $3 "
        "AND s.workspace_id = opportunities.workspace_id) WHERE id = $1"
    )
    await workspace.owner.execute(moved, UUID(sales["Late"]), "very_likely", "proposal")
    await workspace.owner.execute(
        "UPDATE opportunities SET state = 'won', amount = 1, currency = 'CNY', closed_at = now(), closed_on = $2, "
        "contract_ends_on = $2 WHERE id = $1",
        UUID(sales["Sold"]),
        date(2026, 11, 1),
    )
    found = await the_list(client)
    assert {line["customer"]["name"]: (line["progress_code"], line["reasons"]) for line in found["data"]} == {
        "Early": (1, []),
        "Late": (4, ["progress_4", "intention_very_likely"]),
        "Sold": (7, ["contract_expired"]),
        "Quiet": (None, []),
    }
    noted = {"progress_code": 5, "intention": "unclear"}
    assert (await client.patch(f"/v1/call-list/{ids['Late']}", json=noted)).status_code == 200
    (late,) = [line for line in (await the_list(client))["data"] if line["customer"]["name"] == "Late"]
    assert (late["progress_code"], late["intention"], late["reasons"]) == (5, "unclear", ["progress_5"])
