"""``rapport import customers``, as someone types it."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.cli.main import app
from tests.conftest import SECRET_KEY, Stage
from tests.factories import Workspace

RUNNER = CliRunner()
FILE = "account,sector,subsidiary_of\nAcme,it,\nGlobex,it,Acme\nInitech,it,Nobody\n,it,\n"


@pytest.fixture
def environment(stage: Stage) -> dict[str, str]:
    """What the command is told."""
    return {"DATABASE_URL": stage.dsn(), "REDIS_URL": stage.redis_url, "RAPPORT_SECRET_KEY": SECRET_KEY}


async def rapport(environment: dict[str, str], *arguments: str) -> tuple[int, str]:
    """Run the command; its exit status and what it said."""
    command = ["import", "customers", *arguments]
    result = await asyncio.to_thread(RUNNER.invoke, app, command, env=environment)
    return result.exit_code, result.output


async def test_a_file_is_brought_in_to_its_end_and_each_bad_line_is_told(
    environment: dict[str, str], stage: Stage, workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "accounts.csv"
    file.write_text(FILE)
    status, said = await rapport(
        environment, str(file), "--workspace", str(workspace.id), "--mapping", "sector=industry"
    )
    assert status == 1
    assert "4 lines: 3 created, 0 updated, 0 unchanged, 1 refused" in said
    assert "line 5, refused: account: A value is required." in said
    assert "line 4, taken, but: subsidiary_of: There is no company of this name" in said
    rows = await stage.owner.fetch(
        "SELECT c.name, c.owner_id, p.name AS parent FROM customers c LEFT JOIN customers p ON p.id = c.parent_id "
        "WHERE c.workspace_id = $1 ORDER BY c.name",
        workspace.id,
    )
    assert [tuple(row) for row in rows] == [
        ("Acme", workspace.admin.id, None),
        ("Globex", workspace.admin.id, "Acme"),
        ("Initech", workspace.admin.id, None),
    ]


async def test_it_acts_in_the_name_of_whom_it_is_told(
    environment: dict[str, str], stage: Stage, workspace: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("name\nAcme\n")
    await stage.owner.execute("UPDATE users SET password_hash = 'x' WHERE id = $1", workspace.anna.id)
    status, said = await rapport(environment, str(file), "--as", workspace.anna.email.upper())
    assert (status, "1 created" in said) == (0, True), said
    owner = await stage.owner.fetchval("SELECT owner_id FROM customers WHERE workspace_id = $1", workspace.id)
    assert owner == workspace.anna.id


async def test_what_it_cannot_do_it_says_in_words(
    environment: dict[str, str], workspace: Workspace, elsewhere: Workspace, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("colour\nred\n")
    home = str(workspace.id)
    for arguments, words in (
        ((), "Say into which workspace"),
        (("--as", "nobody@example.com"), "nobody@example.com is nobody here"),
        (("--workspace", "01a200d7-60ab-7cde-8c0e-d722b188e732"), "There is no such workspace"),
        (("--workspace", home), "No column gives the name"),
        (("--workspace", home, "--mapping", "colour"), "colour is not COLUMN=FIELD"),
        (("--workspace", home, "--mapping", "colour=name", "--mapping", "shade=name"), "There is no such column"),
    ):
        status, said = await rapport(environment, str(file), *arguments)
        assert (status, words in said) == (1, True), said
        assert "Traceback" not in said
