"""``rapport workspace create`` and ``rapport key create``, as an operator types them."""

import asyncio
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from tests.conftest import SECRET_KEY, Client, Clients, Facts, Stage
from tests.factories import Workspace
from tests.workspaces.conftest import PASSWORD
from tests.workspaces.test_signing_in import sign_in


@pytest.fixture(autouse=True)
def environment(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", stage.dsn())
    monkeypatch.setenv("REDIS_URL", stage.redis_url)
    monkeypatch.setenv("RAPPORT_SECRET_KEY", SECRET_KEY)


async def rapport(*words: str) -> Result:
    """Run a command, beside the loop of the test."""
    return await asyncio.to_thread(lambda: CliRunner().invoke(app, list(words)))


def printed(made: Result) -> str:
    """The one line that the command printed, without log lines of the API that lives in this process too."""
    (line,) = [line for line in made.stdout.splitlines() if not line.startswith("{")]
    return line


async def test_a_workspace_is_founded_and_its_admin_signs_in(
    stage: Stage, stranger: Client, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAPPORT_ADMIN_PASSWORD", PASSWORD)
    email = f"{uuid4().hex}@example.com"
    made = await rapport("workspace", "create", "--name", "Acme", "--admin-email", email, "--timezone", "Europe/Berlin")
    assert made.exit_code == 0, made.output
    home = UUID(printed(made))
    assert PASSWORD not in made.output
    types = await Facts(stage.owner, home).types()
    assert types[:3] == ["calendar.created", "workspace.created", "user.created"]
    assert "task_rule.created" in types[3:]
    token = (await sign_in(stranger, email)).json()["access_token"]
    found = (await clients(token).get("/v1/workspace")).json()
    assert (found["id"], found["timezone"]) == (str(home), "Europe/Berlin")


async def test_a_weak_password_is_refused_in_words() -> None:
    words = ["--name", "Acme", "--admin-email", "ada@example.com", "--admin-password", "12345678"]
    refused = await rapport("workspace", "create", *words)
    assert refused.exit_code == 1
    assert "admin_password" in refused.stderr
    assert "Traceback" not in refused.output


async def test_a_key_is_made_and_its_secret_printed_once(clients: Clients, workspace: Workspace, events: Facts) -> None:
    scopes = "customers:read, tasks:read"
    made = await rapport(
        "key", "create", "--workspace", str(workspace.id), "--name", "ERP", "--scopes", scopes, "--expires-days", "30"
    )
    assert made.exit_code == 0, made.output
    program = clients(printed(made))
    assert (await program.get("/v1/me")).json()["scopes"] == ["customers:read", "tasks:read"]
    (fact,) = await events()
    assert (fact["type"], fact["actor_kind"], fact["payload"]["name"]) == ("api_key.created", "system", "ERP")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--scopes", "moon:walk"], "There is no such scope"),
        (["--scopes", "customers:read", "--workspace", "00000000-0000-7000-8000-000000000000"], "Not found"),
    ],
)
async def test_a_key_that_cannot_be_is_refused_in_words(workspace: Workspace, words: list[str], told: str) -> None:
    refused = await rapport("key", "create", "--name", "X", "--workspace", str(workspace.id), *words)
    assert refused.exit_code == 1
    assert told in refused.stderr


async def test_missing_settings_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    refused = await rapport("key", "create", "--name", "X", "--workspace", str(uuid4()), "--scopes", "customers:read")
    assert refused.exit_code == 2
    assert "DATABASE_URL" in refused.stderr
