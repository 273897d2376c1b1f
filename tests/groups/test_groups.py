"""Groups of companies: trees that stay trees, whoever moves whom at the same moment."""

import asyncio
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from crm.customers import actions
from crm.customers.errors import CustomerAboveItself, GroupsAreOfCompanies
from crm.customers.schemas import CustomerCreate, CustomerUpdate
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


async def new(client: Client, name: str, parent: str | None = None, **more: Any) -> str:
    """A customer, below another or not; its id."""
    body = {"name": name, **more} | ({} if parent is None else {"parent_id": parent})
    response = await client.post("/v1/customers?allow_duplicates=true", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def chain(client: Client, length: int) -> list[str]:
    """Companies, each below the one before."""
    made: list[str] = []
    for level in range(length):
        made.append(await new(client, f"Level {level:02}", made[-1] if made else None))
    return made


@pytest.mark.parametrize(("moved", "below"), [(0, 0), (0, 1), (0, 3), (1, 2)])
async def test_no_customer_comes_to_stand_above_itself(client: Client, events: Facts, moved: int, below: int) -> None:
    made = await chain(client, 4)
    refused = await client.patch(f"/v1/customers/{made[moved]}", json={"parent_id": made[below]})
    problem(refused, 409, "customer_above_itself")
    assert await events("customer.updated") == []


async def test_a_company_moves_within_its_group(client: Client) -> None:
    made = await chain(client, 4)
    moved = await client.patch(f"/v1/customers/{made[3]}", json={"parent_id": made[0]})
    assert moved.json()["parent"] == {"id": made[0], "name": "Level 00"}
    assert (await client.patch(f"/v1/customers/{made[1]}", json={"parent_id": made[3]})).status_code == 200
    assert (await client.patch(f"/v1/customers/{made[3]}", json={"parent_id": None})).status_code == 200


async def test_two_who_close_a_circle_at_the_same_moment_do_not_both_succeed(
    stage: Stage, workspace: Workspace, client: Client
) -> None:
    actor = workspace.admin.actor
    for _ in range(5):
        first, second = await new(client, "First"), await new(client, "Second")

        async def move(child: str, parent: str) -> str:
            change = CustomerUpdate.model_validate({"parent_id": parent})
            try:
                async with stage.database.transaction(actor) as tx:
                    await actions.update(tx, child, change)  # type: ignore[arg-type]  # as text it does as well
                    await asyncio.sleep(0.02)
            except CustomerAboveItself:
                return "refused"
            return "moved"

        assert sorted(await asyncio.gather(move(first, second), move(second, first))) == ["moved", "refused"]


async def test_who_becomes_a_person_and_who_comes_below_at_the_same_moment_do_not_both_succeed(
    stage: Stage, workspace: Workspace, client: Client
) -> None:
    actor = workspace.admin.actor
    for first_is_a_child, anew in product((True, False), (True, False)):
        group, other = await new(client, "Group"), await new(client, "Other")

        async def become(group: str = group) -> None:
            async with stage.database.transaction(actor) as tx:
                await actions.update(tx, UUID(group), CustomerUpdate.model_validate({"kind": "person"}))
                await asyncio.sleep(0.2)

        async def come_below(group: str = group, other: str = other, *, anew: bool = anew) -> None:
            async with stage.database.transaction(actor) as tx:
                if anew:
                    await actions.create(tx, CustomerCreate.model_validate({"name": "Child", "parent_id": group}))
                else:
                    await actions.update(tx, UUID(other), CustomerUpdate.model_validate({"parent_id": group}))
                await asyncio.sleep(0.2)

        first, second = (come_below, become) if first_is_a_child else (become, come_below)
        begun = asyncio.create_task(first())
        await asyncio.sleep(0.1)
        with pytest.raises(GroupsAreOfCompanies):
            await second()
        await begun
        now = (await client.get(f"/v1/customers/{group}")).json()
        children = (await client.get(f"/v1/customers/{group}/children")).json()["data"]
        assert (now["kind"], len(children)) == (("company", 1) if first_is_a_child else ("person", 0))


async def test_a_merge_puts_no_company_below_a_person(client: Client) -> None:
    group = await new(client, "Group")
    await new(client, "Child", group)
    person = (await client.post("/v1/customers", json={"name": "Hank", "kind": "person"})).json()["id"]
    wanted = {"winner_id": person, "loser_id": group}
    problem(await client.post("/v1/customers/merge", json=wanted), 409, "groups_are_of_companies")
    assert (await client.get(f"/v1/customers/{group}")).json()["merged_into_id"] is None
    chosen = await client.post("/v1/customers/merge", json={**wanted, "choose": {"kind": "loser"}})
    assert (chosen.status_code, chosen.json()["kind"]) == (200, "company")


async def test_many_rows_in_one_statement_close_no_circle_either(
    stage: Stage, workspace: Workspace, client: Client
) -> None:
    first, second = await new(client, "First"), await new(client, "Second")
    with pytest.raises(Exception, match="above itself"):
        await stage.owner.execute(
            "UPDATE customers SET parent_id = CASE id WHEN $2::uuid THEN $3::uuid ELSE $2 END "
            "WHERE workspace_id = $1 AND id IN ($2, $3)",
            workspace.id, first, second,
        )  # fmt: skip


async def test_nothing_new_comes_under_an_archived_group_and_what_is_there_stays(client: Client) -> None:
    group = await new(client, "Group")
    child, other = await new(client, "Child", group), await new(client, "Other")
    await client.post(f"/v1/customers/{group}/archive")
    refused = await client.post("/v1/customers", json={"name": "Late", "parent_id": group})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/parent_id"
    problem(await client.patch(f"/v1/customers/{other}", json={"parent_id": group}), 422, "unprocessable")
    kept = await client.patch(f"/v1/customers/{child}", json={"parent_id": group, "region": "West"})
    assert (kept.json()["parent_id"], kept.json()["region"]) == (group, "West")
    again = await client.patch(f"/v1/customers/{child}", json={"parent_id": group})
    assert again.json()["version"] == kept.json()["version"]


async def test_the_children_of_a_group_are_a_page_of_two_statements(client: Client, queries: list[str]) -> None:
    group = await new(client, "Group")
    names = [f"Child {number}" for number in range(5)]
    made = [await new(client, name, group) for name in reversed(names)]
    await new(client, "Grandchild", made[0])
    await client.post(f"/v1/customers/{made[0]}/archive")
    queries.clear()
    first = (await client.get(f"/v1/customers/{group}/children", params={"limit": 3})).json()
    assert len([sql for sql in queries if "set_config" not in sql]) == 2
    more = {"limit": 3, "cursor": first["next_cursor"]}
    second = (await client.get(f"/v1/customers/{group}/children", params=more)).json()
    assert [one["name"] for one in first["data"] + second["data"]] == names[:4]
    assert second["next_cursor"] is None
    put_aside = (await client.get(f"/v1/customers/{group}/children", params={"archived": True})).json()
    assert [one["name"] for one in put_aside["data"]] == ["Child 4"]


async def test_what_there_is_below_a_group_is_counted_in_one_statement(client: Client, queries: list[str]) -> None:
    group, left, right, deep = await _family(client)
    queries.clear()
    found = (await client.get(f"/v1/customers/{group}/group")).json()
    assert len([sql for sql in queries if "set_config" not in sql]) == 1
    assert found == {
        "customer": {"id": group, "name": "Group"},
        "direct": {"customers": 2, "contacts": 2, "open_tasks": 1},
        "below": {"customers": 3, "contacts": 3, "open_tasks": 2},
    }
    # Put aside, a company is no longer counted; those below it still are.
    await client.post(f"/v1/customers/{left}/archive")
    found = (await client.get(f"/v1/customers/{group}/group")).json()
    assert found["direct"] == {"customers": 1, "contacts": 0, "open_tasks": 0}
    assert found["below"] == {"customers": 2, "contacts": 1, "open_tasks": 1}
    assert (await client.get(f"/v1/customers/{deep}/group")).json()["below"]["customers"] == 0
    assert (await client.get(f"/v1/customers/{right}/group")).json()["below"]["contacts"] == 0


async def _family(client: Client) -> tuple[str, str, str, str]:
    """A group with two companies, and one below the first; people and work at each."""
    group = await new(client, "Group")
    left, right = await new(client, "Left", group), await new(client, "Right", group)
    deep = await new(client, "Deep", left)
    for customer in (group, left, left, deep):
        await client.post("/v1/contacts", json={"customer_id": customer, "name": "Li"})
    for customer in (group, left, deep):
        subject = {"type": "customer", "id": customer}
        body = {"title": "Call", "subject": subject, "due_at": "2027-01-01T00:00:00Z"}
        task = (await client.post("/v1/tasks", json=body)).json()
        done = (await client.post("/v1/tasks", json=body)).json()
        assert task["state"] == "open"
        await client.post(f"/v1/tasks/{done['id']}/complete")
    return group, left, right, deep


async def test_counts_hold_what_one_may_see_and_a_stranger_finds_no_group(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben, manager = (clients(who.token) for who in (workspace.anna, workspace.ben, workspace.manager))
    group = await new(manager, "Group", owner_id=str(workspace.anna.id))
    await new(anna, "Hers", group)
    await new(manager, "His", group, owner_id=str(workspace.ben.id))
    path = f"/v1/customers/{group}"
    assert (await manager.get(f"{path}/group")).json()["below"]["customers"] == 2
    assert (await anna.get(f"{path}/group")).json()["below"]["customers"] == 1
    assert [one["name"] for one in (await anna.get(f"{path}/children")).json()["data"]] == ["Hers"]
    problem(await ben.get(f"{path}/group"), 404, "not_found")
    problem(await ben.get(f"{path}/children"), 404, "not_found")


async def test_a_group_is_rolled_up_to_twenty_levels(client: Client) -> None:
    made = await chain(client, 23)
    assert (await client.get(f"/v1/customers/{made[0]}/group")).json()["below"]["customers"] == 20
    assert (await client.get(f"/v1/customers/{made[2]}/group")).json()["below"]["customers"] == 20
    assert (await client.get(f"/v1/customers/{made[3]}/group")).json()["below"]["customers"] == 19
