"""Keeping child processes alive: what may fail is started again, ever more slowly; what may not ends everything."""

import math
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.local.processes import Child, last_lines, start, stop, stop_leftover

POLL = 0.1
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
# A child that has run this long has recovered: its next failure is a first one again.
STEADY_AFTER = 60.0
# The API gives requests under way 20 s to finish.
STOPPING_PATIENCE = 25.0


class ChildFailed(Exception):
    """A child that everything else needs has ended; the message quotes the end of its log."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A process to keep running: ``python -m`` what, with which environment.

    ``starts_again``: its end is survivable from the first moment on, not only once everything is up.
    """

    name: str
    module: tuple[str, ...]
    environment: Mapping[str, str]
    starts_again: bool = False
    on_terminal: bool = False


@dataclass(slots=True)
class _Running:
    kept: Kept
    child: Child
    since: float
    pause: float = FIRST_PAUSE
    again_at: float | None = None


@dataclass(slots=True)
class Watch:
    """The children of this run: embedded servers, which others start and stop, and processes, kept here."""

    notes: Path
    logs: Path
    servers: list[Child] = field(default_factory=list)
    is_up: bool = False
    """Everything has been ready once: whatever ends from now on had nothing wrong from the start."""
    _running: list[_Running] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the folders for notes and logs."""
        self.notes.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)

    def clear_leftovers(self, names: Iterable[str]) -> None:
        """Stop what an earlier run, killed before it could put things away, left running; empty its logs."""
        for name in names:
            if stop_leftover(name, self.notes):
                print(f"Stopped the {name} that an earlier run left behind.")
            (self.logs / f"{name}.log").unlink(missing_ok=True)

    def keep(self, kept: Kept) -> None:
        """Start a process and watch it from now on."""
        self._running.append(_Running(kept, self._start(kept), time.monotonic()))

    def until(self, reached: Callable[[], bool], patience: float = math.inf) -> bool:
        """Watch until something is reached or the patience (s) ends, and say which; raises ChildFailed."""
        begun = time.monotonic()
        while not reached():
            if time.monotonic() - begun > patience:
                return False
            for server in self.servers:
                if server.ended:
                    raise ChildFailed(_obituary(server))
            for running in self._running:
                self._look_after(running)
            time.sleep(POLL)
        return True

    def stop(self) -> None:
        """Stop all processes, the last started first, and wait for them."""
        stop([running.child for running in reversed(self._running)], patience=STOPPING_PATIENCE)
        self._running.clear()

    def _start(self, kept: Kept) -> Child:
        log = None if kept.on_terminal else self.logs / f"{kept.name}.log"
        command = [sys.executable, "-m", *kept.module]
        return start(kept.name, command, notes=self.notes, log=log, environment=kept.environment)

    def _look_after(self, running: _Running) -> None:
        now = time.monotonic()
        if running.again_at is not None:
            if now >= running.again_at:
                running.child, running.since, running.again_at = self._start(running.kept), now, None
        elif running.child.ended:
            if not (self.is_up or running.kept.starts_again):
                raise ChildFailed(_obituary(running.child))
            running.pause = FIRST_PAUSE if now - running.since > STEADY_AFTER else running.pause
            print(f"{_obituary(running.child)}\nIt is started again in {running.pause:.0f} s.", file=sys.stderr)
            running.again_at = now + running.pause
            running.pause = min(2 * running.pause, LONGEST_PAUSE)


def _obituary(child: Child) -> str:
    code = child.process.returncode
    how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
    log = f"; the end of {os.path.relpath(child.log)}:\n{last_lines(child.log)}" if child.log else "."
    return f"The {child.name} {how}{log}"
