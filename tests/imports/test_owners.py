"""Whose the customers of a file are: people by name or e-mail address, who are here to look after them."""

from datetime import date, timedelta
from uuid import UUID

from crm.clock import today
from tests.conftest import Client, Clients
from tests.customers.test_first_contact import calendar
from tests.factories import Workspace
from tests.imports.steps import Worker, counts, customers, form, run, told


def rows(*lines: str, heading: str = "客户名称,客户负责人") -> str:
    return "\n".join((heading, *lines))


async def test_a_column_says_whose_a_new_customer_is_by_address_or_by_name(
    client: Client, worker: Worker, workspace: Workspace
) -> None:
    users = "SELECT id, name, email, team_id FROM users WHERE workspace_id = $1"
    people = {row["id"]: row for row in await workspace.owner.fetch(users, workspace.id)}
    anna, ben, admin = (people[one.id] for one in (workspace.anna, workspace.ben, workspace.admin))
    file = rows(f"One,{anna['email'].upper()}", f"Two,  {ben['name'].lower()} ", "Three,")
    preview = (await client.post("/v1/imports/preview", **form(file))).json()
    assert preview["mapping"]["客户负责人"] == "owner"
    assert [row["owner"] for row in preview["rows"]] == [anna["email"].upper(), ben["name"].lower(), None]
    done = await run(client, worker, file)
    assert counts(done) == ("done", 3, 0, 0, 0)
    assert await told(client, done) == []
    made = await customers(client)
    owners = {name: (one["owner"]["id"], one["team_id"]) for name, one in made.items()}
    assert owners == {
        "One": (str(workspace.anna.id), str(anna["team_id"])),
        "Two": (str(workspace.ben.id), str(ben["team_id"])),
        "Three": (str(workspace.admin.id), admin["team_id"] and str(admin["team_id"])),
    }


async def test_a_name_of_nobody_or_of_several_is_told_and_whoever_imports_looks_after_the_customer(
    client: Client, worker: Worker, workspace: Workspace
) -> None:
    await workspace.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    await workspace.owner.execute("UPDATE users SET name = 'Kim Kim' WHERE id = $1", workspace.anna.id)
    await workspace.owner.execute("UPDATE users SET name = 'KIM KIM' WHERE id = $1", workspace.manager.id)
    gone = await workspace.owner.fetchval("SELECT email FROM users WHERE id = $1", workspace.ben.id)
    file = rows("One,Nobody Here,", "Two,Kim Kim,", f"Three,{gone},Nowhere", heading="name,owner,parent")
    done = await run(client, worker, file)
    assert counts(done) == ("done", 3, 0, 0, 0)
    assert await told(client, done) == [
        (2, False, "owner", "owner_unknown"),
        (3, False, "owner", "owner_ambiguous"),
        (4, False, "owner", "owner_unknown"),
        (4, False, "parent", "parent_unknown"),
    ]
    assert {one["owner"]["id"] for one in (await customers(client)).values()} == {str(workspace.admin.id)}


async def test_a_customer_who_is_there_stays_with_its_owner(
    client: Client, worker: Worker, workspace: Workspace
) -> None:
    await run(client, worker, rows("One,", heading="name,owner"))
    email = await workspace.owner.fetchval("SELECT email FROM users WHERE id = $1", workspace.anna.id)
    done = await run(client, worker, rows(f"One,{email}", heading="name,owner"))
    assert counts(done) == ("done", 0, 0, 1, 0)
    assert (await customers(client))["One"]["owner"]["id"] == str(workspace.admin.id)


async def test_the_first_contact_is_due_on_a_working_day_of_whoever_looks_after_the_customer(
    clients: Clients, worker: Worker, workspace: Workspace
) -> None:
    admin = clients(workspace.admin.token)
    house, own = await calendar(admin, 88, 89, 90), await calendar(admin, 90)
    assert (await admin.patch("/v1/workspace", json={"calendar_id": house})).status_code == 200
    await workspace.owner.execute("UPDATE users SET calendar_id = $1 WHERE id = $2", UUID(own), workspace.anna.id)
    email = await workspace.owner.fetchval("SELECT email FROM users WHERE id = $1", workspace.anna.id)
    await run(admin, worker, rows(f"One,{email}", "Two,", heading="name,owner"))
    due = {name: date.fromisoformat(one["next_contact_due_on"]) for name, one in (await customers(admin)).items()}
    day = today("Asia/Shanghai")
    assert due == {"One": day + timedelta(days=89), "Two": day + timedelta(days=87)}
