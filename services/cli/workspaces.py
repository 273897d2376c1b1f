"""``rapport workspace create`` and ``rapport key create``: who may come in at all.

Both use DATABASE_URL as the API does, with the login rapport_api.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import typer
from pydantic import ValidationError

from crm.database import Database
from crm.errors import FieldError, Unprocessable
from crm.founding import Founded, found_workspace
from crm.workspaces import keys
from crm.workspaces.acting import acting_in
from crm.workspaces.credentials import ApiKeyCreate
from crm.workspaces.rules import SCOPES
from crm.workspaces.tokens import Tokens
from services.cli.refusals import plain_refusal
from services.settings import DataSettings, load

WorkspaceName = Annotated[str, typer.Option("--name", help="What the workspace is called, usually the company's name.")]
AdminEmail = Annotated[str, typer.Option("--admin-email", help="The first administrator signs in with it.")]
AdminPassword = Annotated[
    str,
    typer.Option(
        "--admin-password",
        envvar="RAPPORT_ADMIN_PASSWORD",
        prompt="Password of the administrator",
        confirmation_prompt=True,
        hide_input=True,
        help="Asked for when not given, which keeps it out of the shell's history.",
    ),
]
TimeZone = Annotated[str, typer.Option("--timezone", help="IANA name; business days and reminders follow it.")]
Currency = Annotated[str, typer.Option("--currency", help="ISO 4217 code for amounts that name none.")]

Workspace = Annotated[UUID, typer.Option("--workspace", help="The workspace's id.")]
KeyName = Annotated[str, typer.Option("--name", help="What the key is for, so that it can be told from others later.")]
Scopes = Annotated[
    list[str],
    typer.Option("--scopes", help="What the key may do: customers:read,customers:write; may be repeated."),
]
ExpiresInDays = Annotated[
    int | None, typer.Option("--expires-days", min=1, help="Days until the key ends; without it, it does not end.")
]

workspace_app = typer.Typer(help="Workspaces.", no_args_is_help=True)
key_app = typer.Typer(help="API keys.", no_args_is_help=True)


@workspace_app.callback()
def of_workspaces() -> None:
    """Workspaces: the companies that use this installation."""


@key_app.callback()
def of_keys() -> None:
    """API keys: how programs come in."""


@workspace_app.command("create")
def create_workspace(
    name: WorkspaceName,
    admin_email: AdminEmail,
    admin_password: AdminPassword,
    timezone: TimeZone = "Asia/Shanghai",
    currency: Currency = "CNY",
) -> None:
    """Found a workspace with its first administrator, and print its id."""
    with plain_refusal():
        founded = asyncio.run(_found(load(DataSettings), name, admin_email, admin_password, timezone, currency))
    typer.echo(founded.workspace_id)


@key_app.command("create")
def create_key(workspace: Workspace, name: KeyName, scopes: Scopes, expires_days: ExpiresInDays = None) -> None:
    """Make an API key and print its secret, which is shown this once."""
    wanted = [scope.strip() for several in scopes for scope in several.split(",") if scope.strip()]
    with plain_refusal():
        secret = asyncio.run(_make_key(load(DataSettings), workspace, name, wanted, expires_days))
    typer.echo(secret)


async def _found(settings: DataSettings, name: str, email: str, password: str, timezone: str, currency: str) -> Founded:
    async with _database(settings) as database:
        return await found_workspace(database, name, email, password, timezone, currency)


async def _make_key(settings: DataSettings, workspace: UUID, name: str, scopes: list[str], days: int | None) -> str:
    ends = None if days is None else datetime.now(UTC) + timedelta(days=days)
    try:
        new = ApiKeyCreate(name=name, scopes=scopes, expires_at=ends)
    except ValidationError as error:
        raise Unprocessable(errors=tuple(_told(one["loc"], one["msg"]) for one in error.errors())) from None
    async with _database(settings) as database:
        # Whoever may run this has the secret key and the database: there is no scope to ask them for.
        operator = replace(await acting_in(database, workspace), scopes=SCOPES)
        made = await keys.create(database.writing(operator), Tokens(settings.secret_key.get_secret_value()), new)
    return made.secret


def _told(where: tuple[int | str, ...], message: str) -> FieldError:
    return FieldError("/".join(str(step) for step in where), message.removeprefix("Value error, "), "invalid")


@asynccontextmanager
async def _database(settings: DataSettings) -> AsyncIterator[Database]:
    database = Database(settings.database_url, name="rapport-cli", size=2)
    try:
        yield database
    finally:
        await database.close()
