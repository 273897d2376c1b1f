"""Child processes of ``rapport local``: reported when they end, started again or not, stopped with all they started."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from services.local.processes import Child, gone, last_lines, start, stop, stop_leftover
from services.local.surroundings import Address, CannotListen, check, free_port
from services.local.watch import ChildFailed, Kept, Watch

ENVIRONMENT = {"PATH": os.environ["PATH"]}


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="rapport-test-") as top:
        yield Path(top)


@pytest.fixture
def watch(folder: Path) -> Iterator[Watch]:
    watch = Watch(notes=folder / "run", logs=folder / "logs")
    yield watch
    watch.stop()


def module(folder: Path, name: str, code: str) -> dict[str, str]:
    """A module that a child can run; returns the environment in which it is found."""
    (folder / f"{name}.py").write_text(code)
    return ENVIRONMENT | {"PYTHONPATH": str(folder)}


def script(folder: Path, code: str) -> Child:
    return start("child", [sys.executable, "-c", code], notes=folder, log=folder / "log", environment=ENVIRONMENT)


def said(child: Child, text: str) -> bool:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if text in last_lines(child.log):
            return True
        time.sleep(0.02)
    return False


def test_the_end_of_an_essential_child_is_told_with_its_last_words(folder: Path, watch: Watch) -> None:
    watch.keep(Kept("api", ("dying",), module(folder, "dying", "raise SystemExit('out of paper')")))
    with pytest.raises(ChildFailed, match=r"(?s)The api ended with status 1.*out of paper"):
        watch.until(lambda: False, patience=10)


def test_a_child_that_may_fail_is_started_again(folder: Path, watch: Watch, capsys: pytest.CaptureFixture[str]) -> None:
    environment = module(folder, "dying", "print('here', flush=True); raise SystemExit(3)")
    watch.keep(Kept("worker", ("dying",), environment, starts_again=True))
    log = folder / "logs/worker.log"
    assert watch.until(lambda: log.exists() and log.read_text().count("here") == 2, patience=15)
    assert "The worker ended with status 3" in capsys.readouterr().err


def test_what_ran_well_before_is_started_again_whoever_it_is(folder: Path, watch: Watch) -> None:
    environment = module(folder, "running", "import time; print('here', flush=True); time.sleep(600)")
    watch.keep(Kept("api", ("running",), environment))
    log = folder / "logs/api.log"
    assert watch.until(lambda: log.exists() and "here" in log.read_text(), patience=10)
    watch.is_up = True
    pid = int((folder / "run/api.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    assert watch.until(lambda: log.read_text().count("here") == 2, patience=15)


def test_waiting_ends_with_its_patience(watch: Watch) -> None:
    assert not watch.until(lambda: False, patience=0.2)


def test_a_child_that_ignores_the_request_is_killed_with_its_own_children(folder: Path) -> None:
    child = script(
        folder,
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']).pid, 'up', flush=True)\n"
        "time.sleep(600)",
    )
    assert said(child, "up")
    grandchild = psutil.Process(int(last_lines(child.log).split()[0]))
    stop([child], patience=0.2)
    assert child.process.returncode == -signal.SIGKILL
    assert gone(grandchild, patience=5)
    assert not child.note.exists()


def test_a_leftover_is_stopped_by_its_note(folder: Path) -> None:
    child = script(folder, "import time; print('up', flush=True); time.sleep(600)")
    assert said(child, "up")
    assert stop_leftover("child", folder)
    assert child.process.wait(5) == -signal.SIGTERM
    assert not stop_leftover("child", folder)


def test_a_stranger_who_got_the_id_of_a_leftover_is_left_alone(folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        (folder / "child.pid").write_text(f"{stranger.pid} 1.5\n")
        assert not stop_leftover("child", folder)
        assert stranger.poll() is None
        stranger.kill()


def test_a_busy_port_is_named_with_the_variable_that_chooses_another() -> None:
    address = Address("127.0.0.1", free_port())
    check(address)
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", address.host, str(address.port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT | {"PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stdout
        assert b"Serving" in server.stdout.readline()
        with pytest.raises(
            CannotListen, match=rf"port {address.port} of 127.0.0.1: address already in use.*RAPPORT_PORT="
        ):
            check(address)
        server.kill()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("crm.example.com", "http://crm.example.com:8000"),
    ],
)
def test_the_printed_address_is_one_that_a_browser_can_open(host: str, url: str) -> None:
    assert Address(host, 8000).url == url
