"""Leaving nothing behind: what a benchmark started ends with it, also when it is told to stop."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

TOLD_TO_STOP = (signal.SIGTERM, signal.SIGHUP)


def end_tidily() -> None:
    """Have a request to stop run everything that has to be run at the end, as Ctrl-C does."""

    def stop(number: int, _: FrameType | None) -> NoReturn:
        # A second one must not tear down what is being put away.
        for each in TOLD_TO_STOP:
            signal.signal(each, signal.SIG_IGN)
        sys.exit(128 + number)

    for each in TOLD_TO_STOP:
        signal.signal(each, stop)


@contextmanager
def running(*module: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A Python module as a process of its own, for as long as the block lasts."""
    process = subprocess.Popen([sys.executable, "-m", *module], env=dict(environment), start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
