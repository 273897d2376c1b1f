"""``rapport search reindex``: make what was there before found as what is new is, while everything goes on.

Uses DATABASE_URL with the login rapport_worker, which sees all workspaces; for one workspace, rapport_api will do.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple, get_args
from uuid import UUID

import typer

from crm.actor import NOBODY
from crm.database import Database
from crm.errors import invalid
from crm.reindexing import Batch, Found, reindex
from crm.workspaces.acting import acting_in, all_workspaces
from services.cli.refusals import plain_refusal
from services.settings import DataSettings, load

NOUNS: tuple[Found, ...] = get_args(Found)

OfWorkspace = Annotated[
    UUID | None, typer.Option("--workspace", metavar="ID", help="Only this workspace; without it, all of them.")
]
After = Annotated[
    str | None,
    typer.Option("--after", metavar="MARK", help="Go on after this mark, which the command said when it stopped."),
]
AtOnce = Annotated[int, typer.Option("--batch", min=1, max=5000, help="Rows at once, each batch a transaction.")]

search_app = typer.Typer(help="Search.", no_args_is_help=True)


class Mark(NamedTuple):
    """How far it is: this workspace, this kind of thing, up to this id."""

    workspace_id: UUID
    noun: Found
    after: UUID

    def __str__(self) -> str:
        """As it is typed."""
        return "/".join(map(str, self))


@search_app.callback()
def of_search() -> None:
    """Search: what customers and contacts are found by."""


@search_app.command("reindex")
def reindex_search(workspace: OfWorkspace = None, after: After = None, batch: AtOnce = 500) -> None:
    """Find all customers and contacts anew by their names, phones, codes and e-mails. May be stopped and repeated."""
    with plain_refusal():
        rows, added, removed = asyncio.run(_reindex(load(DataSettings), workspace, _read(after), batch))
    typer.echo(f"{rows} rows looked at: {added} tokens added, {removed} removed.")


async def _reindex(settings: DataSettings, only: UUID | None, mark: Mark | None, most: int) -> tuple[int, int, int]:
    database = Database(settings.database_url, name="rapport-cli", size=2)
    done = [0, 0, 0]
    try:
        async for reached, batch in _batches(database, await _workspaces(database, only), mark, most):
            mark = reached
            done = [sum(pair) for pair in zip(done, batch[1:], strict=True)]
            typer.echo(f"\r{done[0]} rows", nl=False, err=True)
    except BaseException:
        if mark is not None:
            typer.echo(f"\nStopped. Go on with --after {mark}", err=True)
        raise
    finally:
        await database.close()
    typer.echo("", err=True)
    return done[0], done[1], done[2]


async def _workspaces(database: Database, only: UUID | None) -> list[UUID]:
    if only is not None:
        return [only]
    async with database.scanning() as tx:
        found = await all_workspaces(tx)
    if not found:
        raise invalid("--workspace", "This login sees no workspaces by itself: name one, or use rapport_worker.")
    return found


async def _batches(
    database: Database, homes: list[UUID], mark: Mark | None, most: int
) -> AsyncIterator[tuple[Mark, Batch]]:
    for home in homes:
        if mark is not None and home < mark.workspace_id:
            continue
        actor = await acting_in(database, home)
        for noun in NOUNS:
            at = Mark(home, noun, NOBODY)
            if mark is not None and mark.workspace_id == home:
                if NOUNS.index(noun) < NOUNS.index(mark.noun):
                    continue
                at = mark if noun == mark.noun else at
            while True:
                async with database.transaction(actor) as tx:
                    batch = await reindex(tx, noun, at.after, most=most)
                if batch is None:
                    break
                at = at._replace(after=batch.after)
                yield at, batch


def _read(mark: str | None) -> Mark | None:
    if mark is None:
        return None
    try:
        home, noun, after = mark.split("/")
        if noun not in NOUNS:
            raise ValueError(noun)
        return Mark(UUID(home), noun, UUID(after))
    except ValueError as error:
        raise invalid("--after", "This is not a mark that the command gave.") from error
