"""The buying centre of a customer: who is known, who is missing, who was spoken to, and what hangs on one person."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from uuid import UUID, uuid4

from crm.contacts.vocabulary import Role
from tests.conftest import Client, Clients, Stage, problem
from tests.contacts.test_contacts import create, customer_of
from tests.factories import Workspace


async def spoken_to(stage: Stage, contact: dict[str, Any], days_ago: int) -> None:
    """As the worker leaves it."""
    at = datetime.now(UTC) - timedelta(days=days_ago)
    await stage.owner.execute("UPDATE contacts SET last_contact_at = $2 WHERE id = $1", UUID(contact["id"]), at)


async def stakeholders(client: Client, customer_id: str) -> dict[str, Any]:
    answered = await client.get(f"/v1/customers/{customer_id}/stakeholders")
    assert answered.status_code == 200, answered.text
    found: dict[str, Any] = answered.json()
    return found


async def test_a_customer_nobody_knows_misses_all_six_roles(client: Client) -> None:
    customer_id = await customer_of(client)
    found = await stakeholders(client, customer_id)
    assert found["customer"] == {"id": customer_id, "name": "Acme"}
    assert found["missing"] == [one["role"] for one in found["roles"]] == list(get_args(Role))
    assert [one["holders"] for one in found["roles"]] == [[]] * 6
    assert (found["contacts"], found["in_touch"], found["uncovered"]) == (0, [], [])
    assert found["single_thread_risk"] is False


async def test_roles_are_known_covered_or_missing(client: Client, stage: Stage) -> None:
    customer_id = await customer_of(client)
    decider = {"role": "decider", "influence": 5, "stance": "against"}
    boss = await create(client, customer_id, name="Boss", title="CEO", level="top", roles=[decider, "approver"])
    deputy = await create(client, customer_id, name="Deputy", roles=[{"role": "decider", "influence": 3}])
    buyer = await create(client, customer_id, name="Buyer", roles=["buyer"])
    await create(client, await customer_of(client), name="Elsewhere", roles=["user"])
    await spoken_to(stage, deputy, 60)
    await spoken_to(stage, buyer, 61)
    found = await stakeholders(client, customer_id)
    by_role = {one["role"]: one for one in found["roles"]}
    assert found["missing"] == ["user", "influencer", "gatekeeper"]
    assert found["uncovered"] == ["approver", "buyer"]
    assert {role for role, one in by_role.items() if one["covered"]} == {"decider"}
    assert by_role["decider"]["holders"][0] == {
        "id": boss["id"],
        "name": "Boss",
        "title": "CEO",
        "level": "top",
        "influence": 5,
        "stance": "against",
        "do_not_contact": False,
        "band": "never",
        "last_contact_at": None,
    }
    assert [(one["name"], one["band"]) for one in by_role["decider"]["holders"]] == [
        ("Boss", "never"),
        ("Deputy", "warm"),
    ]
    assert [one["band"] for one in by_role["buyer"]["holders"]] == ["cooling"]
    assert found["in_touch"] == [{"id": deputy["id"], "name": "Deputy"}]


async def test_covered_lately_is_what_the_workspace_calls_warm(client: Client, stage: Stage) -> None:
    customer_id = await customer_of(client)
    user = await create(client, customer_id, roles=["user"])
    await spoken_to(stage, user, 40)
    assert (await stakeholders(client, customer_id))["roles"][0]["covered"] is True
    await client.patch("/v1/workspace", json={"settings": {"warmth": {"warm_until": 30}}})
    for _ in range(100):
        if (await stakeholders(client, customer_id))["roles"][0]["covered"] is False:
            return
    raise AssertionError("the limit of the workspace does not hold")


async def test_a_single_thread_is_exactly_one_person_hot_or_warm(client: Client, stage: Stage) -> None:
    customer_id = await customer_of(client)
    one, other = [await create(client, customer_id, name=name) for name in ("One", "Other")]
    risks = []
    for contact, days in ((one, 1), (other, 61), (other, 59), (one, 121), (other, 300)):
        await spoken_to(stage, contact, days)
        risks.append((await stakeholders(client, customer_id))["single_thread_risk"])
    assert risks == [True, True, False, True, False]


async def test_whoever_left_or_is_archived_is_no_stakeholder(client: Client, stage: Stage) -> None:
    customer_id = await customer_of(client)
    gone, away = [await create(client, customer_id, name=name, roles=["decider"]) for name in ("Gone", "Away")]
    for contact in (gone, away):
        await spoken_to(stage, contact, 1)
    assert (await stakeholders(client, customer_id))["single_thread_risk"] is False
    await client.post(f"/v1/contacts/{gone['id']}/leave")
    assert (await stakeholders(client, customer_id))["single_thread_risk"] is True
    await client.post(f"/v1/contacts/{away['id']}/archive")
    found = await stakeholders(client, customer_id)
    assert (found["contacts"], "decider" in found["missing"], found["single_thread_risk"]) == (0, True, False)
    await client.post(f"/v1/contacts/{gone['id']}/rejoin")
    assert "decider" not in (await stakeholders(client, customer_id))["missing"]


async def test_the_stakeholders_are_one_statement_and_only_for_those_who_see_the_customer(
    clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    customer_id = await customer_of(anna)
    for name in ("A", "B", "C"):
        await create(anna, customer_id, name=name, roles=["decider", "user"])
    queries.clear()
    await stakeholders(anna, customer_id)
    assert len(queries) == 1
    for who, where in ((ben, customer_id), (anna, str(uuid4()))):
        problem(await who.get(f"/v1/customers/{where}/stakeholders"), 404, "not_found")
