"""``rapport import customers``: bring in a file from the command line, to its end, with every bad line told.

Uses DATABASE_URL as the API does, with the login rapport_api. Killed in the middle, the worker takes it on.
"""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import typer

from crm.actor import ActorKind
from crm.database import Access, Database
from crm.errors import NotFound, invalid
from crm.imports import actions, carrying, claims, queries
from crm.imports.schemas import ProblemFilter
from crm.workspaces.access import acting_for, outsider
from crm.workspaces.whose import first_admin, whose
from services.cli.refusals import plain_refusal
from services.settings import DataSettings, load

CsvFile = Annotated[
    Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, readable=True, help="CSV with a heading line.")
]
IntoWorkspace = Annotated[
    UUID | None, typer.Option("--workspace", metavar="ID", help="Into which workspace; without it, that of --as.")
]
AsUser = Annotated[
    str | None, typer.Option("--as", metavar="EMAIL", help="In whose name; without it, the first administrator's.")
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--mapping",
        metavar="COLUMN=FIELD",
        help="Which column fills which field, or skip; repeat it for several. We guess the others.",
    ),
]

import_app = typer.Typer(help="Imports.", no_args_is_help=True)


@import_app.callback()
def of_imports() -> None:
    """Imports: bring in what you have."""


@import_app.command("customers")
def import_customers(
    file: CsvFile, workspace: IntoWorkspace = None, email: AsUser = None, mapping: Mapping = None
) -> None:
    """Bring in customers from a CSV file and print what came of it; exit status 1 when lines were refused."""
    with plain_refusal():
        done, problems = asyncio.run(_import(load(DataSettings), file, workspace, email, dict(_pairs(mapping or ()))))
    for line in _told(done, problems):
        typer.echo(line)
    if done["refused_count"]:
        raise typer.Exit(1)


async def _import(
    settings: DataSettings, file: Path, workspace: UUID | None, email: str | None, mapping: dict[str, str]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    database = Database(settings.database_url, name="rapport-cli", size=2)
    try:
        access = database.writing(await _actor(database, workspace, email))
        started = await actions.start(
            access,
            file_name=file.name,
            content=await asyncio.to_thread(file.read_bytes),
            wanted=actions.Wanted(mapping=mapping),
            lease_id=uuid4(),
        )
        work = await carrying.take_up(database, await claims.claimed(access, started.id))
        while work is not None and await carrying.step(database, work):
            typer.echo(f"\r{min(work.position, work.claim.lines)} of {work.claim.lines} lines", nl=False, err=True)
        typer.echo("", err=True)
        done: dict[str, Any] = orjson.loads((await queries.get(access, started.id)).body)
        return done, await _problems(access, started.id)
    finally:
        await database.close()


async def _actor(database: Database, workspace: UUID | None, email: str | None) -> Any:
    if email is not None:
        found = [one for one in await whose(database, email) if workspace in {None, one.workspace_id}]
        if len(found) != 1:
            why = "is nobody here" if not found else "is in several workspaces: add --workspace"
            raise invalid("--as", f"{email} {why}.", "not_found")
        home, user_id = found[0]
    elif workspace is not None:
        home, admin = workspace, await first_admin(database.writing(outsider(workspace)))
        if admin is None:
            raise invalid("--workspace", "There is no such workspace.", "not_found")
        user_id = admin
    else:
        raise invalid("--workspace", "Say into which workspace, or with --as in whose name.", "missing")
    actor = await acting_for(database, home, ActorKind.USER, user_id)
    if actor is None:
        raise NotFound
    return actor


async def _problems(access: Access, import_id: UUID) -> list[dict[str, Any]]:
    problems: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = orjson.loads(await queries.problems(access, import_id, ProblemFilter(limit=200, cursor=cursor)))
        problems += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return problems


def _pairs(mapping: Sequence[str]) -> Iterator[tuple[str, str]]:
    for pair in mapping:
        column, equals, field = pair.rpartition("=")
        if not equals:
            raise invalid("--mapping", f"{pair} is not COLUMN=FIELD.")
        yield column, field


def _told(done: dict[str, Any], problems: list[dict[str, Any]]) -> Iterator[str]:
    for column, field in done["mapping"].items():
        yield f"{column} → {field}"
    yield (
        f"{done['lines']} lines: {done['created_count']} created, {done['updated_count']} updated, "
        f"{done['unchanged_count']} unchanged, {done['refused_count']} refused"
    )
    for problem in problems:
        what = "refused" if problem["refused"] else "taken, but"
        for error in problem["errors"]:
            yield f"line {problem['line']}, {what}: {error['pointer']}: {error['message']}".replace(": :", ":")
    if done["failure"]:
        yield f"Given up: {done['failure']}"
