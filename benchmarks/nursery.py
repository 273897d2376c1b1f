"""Where processes are born that have imported everything already: a killed one is back in moments, not in seconds.

Each is forked from a server that does nothing but import (``multiprocessing``'s own), so it is a process like any other
and dies like any other; only that twelve of them starting at once do not spend the whole run on importing.
"""

import importlib
import multiprocessing
import os
import sys
from collections.abc import Mapping
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path

KNOWN = ("services.api.main", "services.cli.main", "services.worker.main", "uvicorn.loops.uvloop")

_CONTEXT = multiprocessing.get_context("forkserver")


def open_early() -> None:
    """Begin to import, while others do something else."""
    _CONTEXT.set_forkserver_preload(list(KNOWN))
    forkserver.ensure_running()


def start(main: str, environment: Mapping[str, str], log: Path) -> ForkServerProcess:
    """A process that runs ``main``, written as ``module:function``, in this environment. It ends with its parent."""
    process = _CONTEXT.Process(target=_live, args=(main, dict(environment), str(log)), daemon=True)
    process.start()
    return process


def _live(main: str, environment: Mapping[str, str], log: str) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(environment)
    written = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(written, 1)
    os.dup2(written, 2)
    module, function = main.split(":")
    sys.exit(getattr(importlib.import_module(module), function)())
