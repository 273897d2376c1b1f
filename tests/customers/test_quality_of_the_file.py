"""How complete a customer's file is, and whether anybody made sure lately that it is true."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.customers.quality import WEIGHTS, completeness
from crm.customers.vocabulary import Kind
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace

FILLED: dict[str, Any] = {
    "registration_code": "91350100M000100Y43", "phone": "138 1234 5678", "email": "a@example.com", "industry": "it",
    "address": {"city": "Fuzhou"}, "region": "East", "purchasing_power": "high", "size": "large", "source": "fair",
    "type": "consumer", "website": "https://example.com",
}  # fmt: skip


def today() -> date:
    """In the workspace's zone."""
    return datetime.now(UTC).astimezone(ZoneInfo("Asia/Shanghai")).date()


def test_a_score_is_the_weight_of_what_is_filled_over_the_weight_of_all() -> None:
    assert completeness("company", ()) == (0, list(WEIGHTS["company"]))
    assert completeness("company", WEIGHTS["company"]) == (100, [])
    # 3 of 21: 14.28 %; 3 + 2 of 14: 35.7 %, rounded half up.
    assert completeness("company", {"phone"}).score == 14
    assert completeness("person", {"phone", "email"}).score == 36
    assert completeness("person", {"phone", "email", "website", "size"}).score == 36


@given(st.sampled_from(["company", "person"]), st.sets(st.sampled_from(sorted(WEIGHTS["company"]))), st.data())
def test_filling_a_field_never_lowers_the_score(kind: Kind, filled: set[str], data: st.DataObject) -> None:
    before = completeness(kind, filled)
    one = data.draw(st.sampled_from(sorted(WEIGHTS[kind])))
    after = completeness(kind, filled | {one})
    assert after.score > before.score if one in before.missing else after == before
    assert (after.score == 100) == (not after.missing)


@pytest.mark.parametrize("kind", ["company", "person"])
async def test_postgres_finds_what_the_rule_says(client: Client, kind: Kind) -> None:
    made = (await client.post("/v1/customers", json={"name": "A", "kind": kind})).json()
    path, filled = f"/v1/customers/{made['id']}", {"owner_id"}
    for name, value in FILLED.items():
        score, missing = completeness(kind, filled)
        assert made["completeness"] == {"score": score, "missing": missing}
        made = (await client.patch(path, json={name: value})).json()
        filled.add(name)
    assert made["completeness"] == {"score": 100, "missing": []}
    page = (await client.get("/v1/customers")).json()
    assert page["data"][0]["completeness"] == made["completeness"]


async def test_an_address_that_names_no_place_is_missing(client: Client) -> None:
    made = (await client.post("/v1/customers", json={"name": "A", "address": {"country": "CN"}})).json()
    assert "address" in made["completeness"]["missing"]


async def test_whoever_made_sure_says_so_and_again_is_once(client: Client, events: Facts) -> None:
    made = (await client.post("/v1/customers", json={"name": "A"})).json()
    assert (made["verified_on"], made["verification_stale"]) == (None, False)
    path = f"/v1/customers/{made['id']}/verify"
    verified = (await client.post(path)).json()
    assert (verified["verified_on"], verified["version"]) == (today().isoformat(), 2)
    assert (await client.post(path)).json() == verified
    (fact,) = await events("customer.verified")
    assert fact["changes"] == {"verified_on": [None, today().isoformat()]}


async def test_an_archived_or_unseen_customer_is_not_verified(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    made = (await anna.post("/v1/customers", json={"name": "A"})).json()
    path = f"/v1/customers/{made['id']}"
    problem(await ben.post(f"{path}/verify"), 404, "not_found")
    await anna.post(f"{path}/archive")
    problem(await anna.post(f"{path}/verify"), 409, "customer_archived")


async def test_a_file_becomes_stale_a_year_after_it_was_verified_or_made(
    client: Client, clients: Clients, stage: Stage, workspace: Workspace
) -> None:
    now = today()
    year_ago = now.replace(year=now.year - 1, day=28 if (now.month, now.day) == (2, 29) else now.day)
    for name, verified_on, made in (
        ("fresh", year_ago, year_ago - timedelta(900)),
        ("old", year_ago - timedelta(1), year_ago - timedelta(900)),
        ("never", None, year_ago - timedelta(2)),
        ("new", None, today()),
    ):
        await stage.owner.execute(
            "INSERT INTO customers (workspace_id, kind, name, name_key, verified_on, created_at) "
            "VALUES ($1, 'company', $2, $2, $3, $4)",
            workspace.id, name, verified_on, datetime.combine(made, datetime.min.time(), UTC),
        )  # fmt: skip
    found = (await client.get("/v1/customers", params={"sort": "verified_on"})).json()["data"]
    assert {one["name"]: one["verification_stale"] for one in found} == {
        "fresh": False, "old": True, "never": True, "new": False,
    }  # fmt: skip
    assert [one["name"] for one in found][2:] == ["old", "fresh"]
    before = (await client.get("/v1/customers", params={"verified_before": year_ago.isoformat()})).json()["data"]
    assert {one["name"] for one in before} == {"old", "never", "new"}
    await client.patch("/v1/workspace", json={"settings": {"verification": {"stale_after_months": 13}}})
    clients.running.app.state.door.forget()
    found = (await client.get("/v1/customers")).json()["data"]
    assert {one["name"] for one in found if one["verification_stale"]} == set()
