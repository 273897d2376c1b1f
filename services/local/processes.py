"""Child processes: start one, watch it, stop it, and clear away what a killed parent left running.

Each child leads a session of its own, so that Ctrl-C reaches only the parent, which then stops the children in order.
Each is noted in a ``.pid`` file with its birth time, by which a later start tells it from a stranger with the same id.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import psutil

HARD_STOP_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Login:
    """The system user a child runs as, when it must not be root."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True)
class Child:
    """A running child and where it writes; without a log it writes to the terminal."""

    name: str
    process: subprocess.Popen[bytes]
    note: Path
    log: Path | None

    @property
    def ended(self) -> bool:
        """Whether the process is no longer there."""
        return self.process.poll() is not None


def start(
    name: str,
    command: Sequence[str | Path],
    *,
    notes: Path,
    log: Path | None,
    environment: Mapping[str, str],
    login: Login | None = None,
    stdin: BinaryIO | None = None,
) -> Child:
    """Start a child; its output goes to the end of ``log``, its note to the folder ``notes``."""
    output = log.open("ab") if log else None
    try:
        process = subprocess.Popen(  # noqa: S603  the command is ours
            [str(part) for part in command],
            stdin=stdin or subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=dict(environment),
            start_new_session=True,
            user=login.uid if login else None,
            group=login.gid if login else None,
            extra_groups=[] if login else None,
        )
    finally:
        if output:
            output.close()
    note = notes / f"{name}.pid"
    with suppress(psutil.NoSuchProcess):
        note.write_text(f"{process.pid} {psutil.Process(process.pid).create_time()!r}\n", encoding="ascii")
    return Child(name, process, note, log)


def stop(children: Sequence[Child], *, gently: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> None:
    """Ask all children to end, wait for each, and kill, with its group, whoever outlasts the patience in seconds."""
    for child in children:
        if not child.ended:
            child.process.send_signal(gently)
    until = time.monotonic() + patience
    for child in children:
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, until - time.monotonic()))
        _kill_group(child.process.pid)
        child.process.wait(HARD_STOP_PATIENCE)
        child.note.unlink(missing_ok=True)


def stop_leftover(name: str, notes: Path, *, gently: signal.Signals = signal.SIGTERM, patience: float = 10.0) -> bool:
    """End the child that an earlier, killed parent left running; True when there was one."""
    note = notes / f"{name}.pid"
    try:
        pid, born = note.read_text(encoding="ascii").split()
        process = psutil.Process(int(pid))
        ours = process.create_time() == float(born)
    except (OSError, ValueError, psutil.NoSuchProcess):
        ours = False
    if ours:
        process.send_signal(gently)
        gone(process, patience)
        _kill_group(int(pid))
    note.unlink(missing_ok=True)
    return ours


def gone(process: psutil.Process, patience: float) -> bool:
    """Wait for someone else's child to end; a zombie counts as gone, since in a container nobody may bury it."""
    until = time.monotonic() + patience
    with suppress(psutil.NoSuchProcess):
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
    return True


def last_lines(log: Path | None, count: int = 15) -> str:
    """The end of a log, to be shown when its process has failed."""
    if log is None or not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 200 * count))
        lines = file.read().decode(errors="replace").splitlines()
    return "\n".join(f"  {line}" for line in lines[-count:])


def _kill_group(leader: int) -> None:
    # A leader that is gone may have left members behind, such as the processes of a web server.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
