"""The embedded servers: data survives, crashes are recovered from, nothing is left running, misuse is refused."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from services.local.folders import FolderInUse, kept_secret
from services.local.postgres import SUPERUSER, ServerFailed
from services.local.processes import gone
from services.local.servers import DsnOf, embedded_postgres, embedded_valkey


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below tmp_path: when root runs the tests, Postgres runs as nobody, and pytest shuts its folder against others
    # whenever another session starts.
    with tempfile.TemporaryDirectory(prefix="rapport-test-") as top:
        yield Path(top) / "server"
        assert processes_of(Path(top)) == []


def processes_of(folder: Path) -> list[str]:
    """Commands of the processes that work in this folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(folder) in command and process.pid != os.getpid():
            found.append(command)
    return found


def ask(dsn_of: DsnOf, query: str) -> object:
    async def asked() -> object:
        connection = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    return asyncio.run(asked())


def postmaster(folder: Path) -> psutil.Process:
    return psutil.Process(int((folder / "cluster/postmaster.pid").read_text().splitlines()[0]))


def test_postgres_keeps_its_data_and_leaves_no_process(folder: Path) -> None:
    with embedded_postgres(folder, durable=False) as dsn_of:
        assert str(ask(dsn_of, "SHOW server_version")).startswith("18.")
        assert ask(dsn_of, "SHOW fsync") == "off"
        ask(dsn_of, "CREATE TABLE kept AS SELECT '重庆长安' AS name")
    assert processes_of(folder) == []
    with embedded_postgres(folder) as dsn_of:
        assert ask(dsn_of, "SELECT name FROM kept") == "重庆长安"
        assert ask(dsn_of, "SHOW fsync") == "on"


def test_postgres_recovers_after_its_server_was_killed(folder: Path) -> None:
    with embedded_postgres(folder) as dsn_of:
        ask(dsn_of, "CREATE TABLE kept AS SELECT 7 AS number")
        postmaster(folder).kill()
    with embedded_postgres(folder) as dsn_of:
        assert ask(dsn_of, "SELECT number FROM kept") == 7


HOLDER = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.default_int_handler)  # Whoever runs in the background is deaf to it otherwise.
from services.local.servers import embedded_postgres, embedded_valkey
folder = Path(sys.argv[1])
with embedded_postgres(folder / "postgres") as dsn_of, embedded_valkey(folder / "valkey") as url:
    print(dsn_of("postgres", "postgres"), url, flush=True)
    time.sleep(600)
"""


def holder(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that runs both servers, and the addresses it printed."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(folder)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def test_servers_left_by_a_killed_parent_are_taken_over_by_the_next(folder: Path) -> None:
    process, addresses = holder(folder)
    with process:
        dsn, _ = addresses.split()
        left = postmaster(folder / "postgres")
        ask(lambda *_: dsn, "CREATE TABLE kept AS SELECT 7 AS number")
        process.kill()
    assert left.is_running()
    with embedded_postgres(folder / "postgres") as dsn_of, embedded_valkey(folder / "valkey"):
        assert gone(left, patience=0)
        assert ask(dsn_of, "SELECT number FROM kept") == 7


def test_a_folder_in_use_is_refused_with_the_holders_id(folder: Path) -> None:
    process, _ = holder(folder)
    with process:
        try:
            for server in (embedded_postgres, embedded_valkey):
                name = server.__name__.removeprefix("embedded_")
                with pytest.raises(FolderInUse, match=str(process.pid)), server(folder / name):
                    pass
        finally:
            process.send_signal(signal.SIGINT)


def test_a_lock_file_that_names_a_strangers_process_does_not_stop_postgres(folder: Path) -> None:
    with embedded_postgres(folder, durable=False):
        pass
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        (folder / "cluster/postmaster.pid").write_text(f"{stranger.pid}\n{folder / 'cluster'}\n")
        with embedded_postgres(folder, durable=False) as dsn_of:
            assert ask(dsn_of, "SELECT 1") == 1
        assert stranger.poll() is None
        stranger.kill()


def test_a_half_made_cluster_is_made_anew(folder: Path) -> None:
    (folder / "cluster.new/base").mkdir(parents=True)
    (folder / "cluster.new/PG_VERSION").write_text("18\n")
    with embedded_postgres(folder, durable=False) as dsn_of:
        assert ask(dsn_of, "SELECT 1") == 1


def test_a_cluster_of_another_version_is_refused_and_left_alone(folder: Path) -> None:
    (folder / "cluster").mkdir(parents=True)
    (folder / "cluster/PG_VERSION").write_text("16\n")
    with pytest.raises(ServerFailed, match="another Postgres than 18"), embedded_postgres(folder):
        pass
    assert [path.name for path in (folder / "cluster").iterdir()] == ["PG_VERSION"]


def test_a_long_path_with_blanks_and_chinese_gets_a_short_socket_folder_of_its_own(folder: Path) -> None:
    deep = folder / "客户 关系" / ("long" * 30)
    with embedded_postgres(deep, durable=False) as dsn_of:
        sockets = Path(dsn_of(SUPERUSER, "postgres").partition("?host=")[2])
        assert ask(dsn_of, "SELECT 1") == 1
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()


def test_a_server_that_cannot_start_says_why(folder: Path) -> None:
    with embedded_postgres(folder, durable=False):
        pass
    with (folder / "cluster/postgresql.conf").open("a") as settings:
        settings.write("\nno_such_setting = 1\n")
    with pytest.raises(ServerFailed, match="no_such_setting"), embedded_postgres(folder):
        pass


def test_valkey_keeps_its_data_asks_for_a_password_and_never_evicts(folder: Path) -> None:
    with embedded_valkey(folder) as url, redis.Redis.from_url(url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
        client.set("kept", "7")
        port = client.connection_pool.connection_kwargs["port"]
        with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("kept")
    with embedded_valkey(folder) as url, redis.Redis.from_url(url) as client:
        assert client.get("kept") == b"7"


def test_nothing_is_left_when_the_block_fails(folder: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        embedded_postgres(folder / "postgres", durable=False),
        embedded_valkey(folder / "valkey"),
    ):
        raise KeyboardInterrupt
    assert processes_of(folder) == []


def test_a_kept_secret_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    made = iter(["first", "second"])
    path = tmp_path / "secret"
    assert kept_secret(path, lambda: next(made)) == "first"
    assert kept_secret(path, lambda: next(made)) == "first"
    assert path.stat().st_mode & 0o777 == 0o600


def test_starting_again_takes_little_time(folder: Path) -> None:
    with embedded_postgres(folder, durable=False):
        pass
    begun = time.monotonic()
    with embedded_postgres(folder, durable=False):
        pass
    assert time.monotonic() - begun < 5
