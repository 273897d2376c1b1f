"""Tokens, and what is held of each field: two sides of one thing, whoever writes them."""

import asyncio
from uuid import UUID

import asyncpg

from crm.customers import actions
from crm.customers.schemas import CustomerUpdate
from crm.search import tokens_of_name
from tests.conftest import Client, Stage
from tests.customers.test_merging import add, merge, post
from tests.factories import Workspace
from tests.imports.steps import Worker, run
from tests.imports.test_undoing import undo

TOKENS = "SELECT {noun}_id, field, token FROM {noun}_tokens WHERE workspace_id = $1"
HELD = """
SELECT {noun}_id, field, unnest(string_to_array(btrim(tokens, E'\\n'), E'\\n')) AS token FROM {noun}_found_by
WHERE workspace_id = $1
"""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


async def sides(owner: asyncpg.Connection, home: UUID, noun: str = "customer") -> tuple[set[object], set[object]]:
    """All tokens, and all that is held."""
    tokens, held = [await owner.fetch(each.format(noun=noun), home) for each in (TOKENS, HELD)]
    assert len(held) == len(set(held))
    return {tuple(row) for row in tokens}, {tuple(row) for row in held}


async def agree(stage: Stage, workspace: Workspace) -> int:
    """Both sides say the same; how much."""
    for noun in ("contact", "customer"):
        tokens, held = await sides(stage.owner, workspace.id, noun)
        assert tokens == held
    return len(tokens)


async def test_both_sides_agree_whatever_is_done(
    client: Client, worker: Worker, stage: Stage, workspace: Workspace
) -> None:
    acme = await add(client, "Acme Trading", phone="13812345678", email="a@acme.example")
    globex = await add(client, "重庆长安汽车", registration_code="9150000020286320X6")
    path = f"/v1/customers/{acme['id']}"
    assert await agree(stage, workspace) > 0
    for change in ({"phone": None}, {"name": "Acme Motors", "phone": "13912345678"}, {"email": "b@acme.example"}):
        assert (await client.patch(path, json=change)).status_code == 200
        await agree(stage, workspace)
    assert (await client.patch(path, json={"email": None})).status_code == 200
    contact = await post(client, "/v1/contacts", customer_id=acme["id"], name="Li Lei", phones=["13712345678"])
    changed = await client.patch(f"/v1/contacts/{contact['id']}", json={"phones": [], "name": "Han Meimei"})
    assert changed.status_code == 200
    before = await agree(stage, workspace)

    lines = ("name,phone", "Acme Motors,13612345678", "New One,13512345678", "重庆长安汽车,")
    file = "\n".join(lines)
    done = await run(client, worker, file)
    assert (done["created_count"], done["updated_count"], done["unchanged_count"]) == (1, 1, 1)
    assert await agree(stage, workspace) > before
    await undo(client, worker, done["id"])
    await agree(stage, workspace)

    await merge(client, acme, globex)
    await agree(stage, workspace)
    assert (await client.post(f"/v1/customers/{globex['id']}/unmerge")).status_code == 200
    await agree(stage, workspace)
    person = await add(client, "Wang Wei", kind="person")
    await post(client, f"/v1/customers/{person['id']}/erase", reason="requested")
    await agree(stage, workspace)
    tokens, _ = await sides(stage.owner, workspace.id)
    assert not {row for row in tokens if str(row[0]) == person["id"]}  # type: ignore[index]  # rows are tuples


async def test_of_two_changes_at_once_every_token_stays_known(
    client: Client, stage: Stage, workspace: Workspace
) -> None:
    customer_id = UUID((await add(client, "Acme"))["id"])
    access = stage.database.writing(workspace.admin.actor)

    def rename(name: str) -> CustomerUpdate:
        return CustomerUpdate.model_validate({"name": name})

    async with stage.database.transaction(workspace.admin.actor) as tx:
        await actions.update(tx, customer_id, rename("Bolt"))
        second = asyncio.create_task(actions.update(access, customer_id, rename("Crux")))
        while not await stage.owner.fetchval(WAITING):  # noqa: ASYNC110  nobody tells us of a lock
            await asyncio.sleep(0.01)
    await second
    tokens, held = await sides(stage.owner, workspace.id)
    assert {"bolt", "crux"} <= {row[2] for row in tokens} <= {row[2] for row in held}  # type: ignore[index]  # tuples

    await actions.update(access, customer_id, rename("Dune"))
    tokens, held = await sides(stage.owner, workspace.id)
    assert tokens == held
    assert {row[2] for row in tokens} == {"=dune", *tokens_of_name("Dune")}  # type: ignore[index]  # tuples
