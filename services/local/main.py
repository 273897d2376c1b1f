"""``rapport local``: one parent that starts servers, schema, demo data, API and worker, watches them, and stops them.

What a killed earlier run left behind, half-made clusters and processes alike, is cleared away first.
"""

import asyncio
import secrets
import signal
import sys
from contextlib import ExitStack
from pathlib import Path

import asyncpg

from services.local import demo, surroundings
from services.local.folders import FolderInUse, kept_secret, only_user_of
from services.local.servers import SUPERUSER, DsnOf, ServerFailed, embedded_postgres, embedded_valkey
from services.local.surroundings import Address, CannotListen, Receiver
from services.local.watch import ChildFailed, Kept, Watch
from services.schema import API_ROLE, WORKER_ROLE, upgrade
from services.settings import AddressSettings, load

DATABASE = "rapport"
READY_PATIENCE = 60.0
SETTLING_PATIENCE = 15.0
SETTLED = """
SELECT NOT EXISTS (SELECT FROM events WHERE published_at IS NULL)
   AND NOT EXISTS (SELECT FROM reactions WHERE state = 'pending' AND next_attempt_at <= now() + interval '1 minute')
"""
"""Nothing waits that the demo set off: whoever looks now sees warmth and tasks as they will be."""
RECEIVER = "services.local.receiver"


def main() -> int:
    """Run until Ctrl-C or SIGTERM; the exit status is 0 then, and 1 when something essential failed."""
    settings = load(AddressSettings)
    folder = settings.data_dir.expanduser().resolve()
    _stop_on_signals()
    try:
        with ExitStack() as stack:
            try:
                _run(stack, folder, Address(settings.host, settings.port))
            finally:
                _stop_no_more()
    except KeyboardInterrupt:
        print("Stopped. The data is kept in", folder)
        return 0
    except FolderInUse as error:
        print(f"{error} Rapport seems to run already; stop it, or choose another RAPPORT_DATA_DIR.", file=sys.stderr)
    except (CannotListen, ServerFailed, ChildFailed) as error:
        print(error, file=sys.stderr)
    return 1


def _run(stack: ExitStack, folder: Path, address: Address) -> None:
    stack.enter_context(only_user_of(folder))
    watch = Watch(notes=folder / "run", logs=folder / "logs")
    watch.clear_leftovers(("receiver", "worker", "api"))
    surroundings.check(address)
    secret_key = kept_secret(folder / "secret_key", lambda: secrets.token_urlsafe(48))

    print("Starting Postgres and Valkey …", flush=True)
    dsn_of = stack.enter_context(embedded_postgres(folder / "postgres", children=watch.servers))
    redis_url = stack.enter_context(embedded_valkey(folder / "valkey", children=watch.servers))
    print("Bringing the database up to date …", flush=True)
    asyncio.run(_make_database(dsn_of))
    upgrade(dsn_of(SUPERUSER, DATABASE))
    receiver = Receiver(
        port=int(kept_secret(folder / "receiver_port", lambda: str(surroundings.free_port()))),
        secret=kept_secret(folder / "receiver_secret", surroundings.webhook_secret),
    )
    _fill_demo_once(folder / "demo-filled", dsn_of(API_ROLE, DATABASE), secret_key, receiver)

    common = surroundings.of_a_process(folder, address, secret_key, redis_url)
    stack.callback(watch.stop)
    print("Starting the API and the worker …", flush=True)
    watch.keep(Kept("api", ("services.cli", "api"), common | {"DATABASE_URL": dsn_of(API_ROLE, DATABASE)}))
    watch.keep(
        Kept("worker", ("services.cli", "worker"), common | {"DATABASE_URL": dsn_of(WORKER_ROLE, DATABASE)}, True)
    )
    watch.keep(Kept("receiver", (RECEIVER,), common | receiver.environment, starts_again=True, on_terminal=True))
    if not watch.until(lambda: surroundings.is_ready(address), READY_PATIENCE):
        raise ChildFailed(surroundings.why_not_ready(address, watch.logs))
    watch.is_up = True
    watch.until(lambda: asyncio.run(_is_settled(dsn_of(SUPERUSER, DATABASE))), SETTLING_PATIENCE)
    print(surroundings.welcome(address, watch.logs), flush=True)
    watch.until(lambda: False)


def _fill_demo_once(marker: Path, dsn: str, secret_key: str, receiver: Receiver) -> None:
    if marker.exists():
        return
    print("Filling the demo workspace …", flush=True)
    asyncio.run(demo.fill(dsn, secret_key=secret_key, receiver_url=receiver.url, receiver_secret=receiver.secret))
    marker.touch()


async def _make_database(dsn_of: DsnOf) -> None:
    connection = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()


async def _is_settled(owner_dsn: str) -> bool:
    connection = await asyncpg.connect(owner_dsn)
    try:
        return bool(await connection.fetchval(SETTLED))
    finally:
        await connection.close()


def _stop_on_signals() -> None:
    # Python's own handler, set even where a shell had SIGINT ignored: asyncio knows it, and cancels what is under way.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))


def _stop_no_more() -> None:
    # Whoever presses Ctrl-C again while things are being put away would leave them half put away.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
