"""``rapport search reindex``: what was there before is found as what is new is."""

import asyncio
from uuid import UUID

import asyncpg
import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.conftest import SECRET_KEY, Client, Clients, Stage
from tests.customers.test_merging import add, merge, post
from tests.factories import Workspace, found_workspace

RUNNER = CliRunner()
TABLES = ("customer_tokens", "contact_tokens")


async def rapport(dsn: str, *arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it said."""
    environment = {"DATABASE_URL": dsn, "RAPPORT_SECRET_KEY": SECRET_KEY}
    result = await asyncio.to_thread(RUNNER.invoke, app, ["search", "reindex", *arguments], env=environment)
    return result.exit_code, result.output


async def tokens(owner: asyncpg.Connection, home: UUID) -> set[tuple[object, ...]]:
    """Everything that anything in the workspace is found by."""
    found = [await owner.fetch(f"SELECT * FROM {table} WHERE workspace_id = $1", home) for table in TABLES]
    return {tuple(row) for rows in found for row in rows}


async def lose(owner: asyncpg.Connection, home: UUID) -> None:
    """As if what names leave had been another thing before."""
    for table in TABLES:
        await owner.execute(
            f"DELETE FROM {table} WHERE workspace_id = $1 AND token < 'd' AND field NOT LIKE '%/name'", home
        )
        await owner.execute(f"UPDATE {table} SET token = '!' || token WHERE workspace_id = $1", home)
        noun = table.removesuffix("_tokens")
        await owner.execute(f"DELETE FROM {noun}_found_by WHERE workspace_id = $1", home)
        await owner.execute(
            f"INSERT INTO {noun}_found_by "
            f"SELECT workspace_id, {noun}_id, field, E'\\n' || string_agg(token, E'\\n') || E'\\n' "
            f"FROM {table} WHERE workspace_id = $1 GROUP BY 1, 2, 3", home,
        )  # fmt: skip


async def fill(client: Client) -> None:
    """Customers of all kinds, three of whom are one by now, a person of theirs, and one who was erased."""
    one = await add(client, "Acme", phone="13812345678", email="a@acme.example")
    two, three = await add(client, "重庆长安汽车", registration_code="9150000020286320X6"), await add(client, "Globex")
    await merge(client, two, three)
    await merge(client, one, two)
    await post(client, "/v1/contacts", customer_id=one["id"], name="单雄信", phones=["13912345678"])
    await add(client, "Initech")
    gone = await add(client, "Li Lei", kind="person")
    await post(client, f"/v1/customers/{gone['id']}/erase", reason="requested")


async def test_what_was_lost_is_found_again_and_what_is_stale_is_not(
    client: Client, clients: Clients, stage: Stage, workspace: Workspace, elsewhere: Workspace
) -> None:
    await fill(client)
    await fill(clients(elsewhere.admin.token))
    right = await tokens(stage.owner, workspace.id)
    for home in (workspace.id, elsewhere.id):
        await lose(stage.owner, home)
    others = await tokens(stage.owner, elsewhere.id)
    assert not await tokens(stage.owner, workspace.id) & right
    for login in ("rapport_api", "rapport_worker"):
        status, said = await rapport(stage.dsn(login), "--workspace", str(workspace.id), "--batch", "2")
        assert (status, "6 rows looked at" in said) == (0, True), said
        assert await tokens(stage.owner, workspace.id) == right
    assert "0 tokens added, 0 removed" in said
    assert await tokens(stage.owner, elsewhere.id) == others


async def test_all_workspaces_are_gone_through_and_it_goes_on_where_it_was_stopped(
    own_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = own_stage.owner
    homes = sorted([(await found_workspace(owner, SECRET_KEY)).id for _ in range(3)])
    for home in homes:
        for name in ("Acme", "Globex", "Initech"):
            await owner.execute(
                "INSERT INTO customers (workspace_id, kind, name, name_key) VALUES ($1, 'company', $2, lower($2))",
                home, name,
            )  # fmt: skip
    assert (await rapport(own_stage.dsn("rapport_api")))[0] == 1

    stopped_in = homes[1]
    await owner.execute("CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'enough'; END $$")
    await owner.execute(
        f"CREATE TRIGGER stop BEFORE INSERT ON customer_tokens FOR EACH ROW "
        f"WHEN (NEW.workspace_id = '{stopped_in}' AND NEW.token LIKE 'glob%') EXECUTE FUNCTION stop()"
    )
    status, said = await rapport(own_stage.dsn("rapport_worker"), "--batch", "1")
    assert (status, "Stopped. Go on with --after " in said) == (1, True)
    mark = said.split("--after ")[1].split()[0]
    assert mark.startswith(f"{stopped_in}/customers/")
    assert await tokens(owner, homes[2]) == set()

    await owner.execute("DROP TRIGGER stop ON customer_tokens")
    status, said = await rapport(own_stage.dsn("rapport_worker"), "--after", mark)
    assert (status, "5 rows looked at" in said) == (0, True), said
    assert len({len(await tokens(owner, home)) for home in homes}) == 1
    assert "0 tokens added, 0 removed" in (await rapport(own_stage.dsn("rapport_worker")))[1]


async def test_a_mark_that_is_none_is_refused(stage: Stage) -> None:
    for mark in (
        "x",
        "a/customers/b",
        "01a1fcb0-3a00-7000-8000-000000000002/notes/01a1fcb0-3a00-7000-8000-000000000002",
    ):
        status, said = await rapport(stage.dsn("rapport_worker"), "--after", mark)
        assert (status, "not a mark" in said) == (1, True)
