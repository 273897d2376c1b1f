"""A benchmark that is told to stop leaves no process behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

PROGRAM = """
import os, time
from benchmarks.tidy import end_tidily, running
end_tidily()
with running("http.server", "0", "--bind", "127.0.0.1", environment=dict(os.environ)) as process:
    print(process.pid, flush=True)
    time.sleep(60)
"""


@pytest.mark.process
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_what_it_started_ends_with_it(number: signal.Signals) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as program:
        assert program.stdout is not None
        child = psutil.Process(int(program.stdout.readline()))
        program.send_signal(number)
        program.wait(30)
        until = time.monotonic() + 10
        while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < until, "it outlived the benchmark"
            time.sleep(0.05)
