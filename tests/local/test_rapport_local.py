"""``make run`` as a newcomer sees it: real processes, a real terminal's worth of output, Ctrl-C, and once more."""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from services.local import demo
from services.local.folders import only_user_of
from services.local.processes import gone
from services.local.surroundings import free_port

pytestmark = pytest.mark.process

CHECKOUT = Path(__file__).parents[2]
WELCOME = "Ctrl-C stops everything"


@dataclass
class Local:
    """One run of ``rapport local`` and what it printed."""

    process: subprocess.Popen[bytes]
    output: Path
    url: str

    @property
    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def until(self, reached: Callable[[str], object], patience: float) -> None:
        """Wait for something in the output."""
        end = time.monotonic() + patience
        while not reached(self.said):
            assert self.process.poll() is None, f"ended with {self.process.returncode}:\n{self.said}"
            assert time.monotonic() < end, f"not within {patience} s:\n{self.said}"
            time.sleep(0.1)

    def family(self) -> list[psutil.Process]:
        """The process and everything it started."""
        own = psutil.Process(self.process.pid)
        return [own, *own.children(recursive=True)]


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not below tmp_path: when root runs the tests, Postgres runs as nobody and could not reach it.
    with tempfile.TemporaryDirectory(prefix="rapport-test-") as top:
        yield Path(top)


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[[int], Local]]:
    """Start ``rapport local`` on the test's folder and the port given; none outlives the test."""
    runs: list[Local] = []

    def started(port: int) -> Local:
        output = folder / f"output-{len(runs)}"
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "services.cli", "local"],
                cwd=CHECKOUT,
                env={name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
                | {"RAPPORT_DATA_DIR": str(folder / "data"), "RAPPORT_PORT": str(port)},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        runs.append(Local(process, output, f"http://127.0.0.1:{port}"))
        return runs[-1]

    yield started
    for run in runs:
        if run.process.poll() is None:
            left = run.family()
            run.process.send_signal(signal.SIGINT)
            gone(left[0], patience=30)
            for process in left:
                if process.is_running():
                    process.kill()
            run.process.wait(5)


def stop(run: Local) -> None:
    """Ctrl-C; nothing of it is left."""
    family = run.family()
    # The parent, the two servers, API, worker and receiver.
    assert len(family) >= 6
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(30) == 0, run.said
    assert run.said.rstrip().splitlines()[-1].startswith("Stopped. The data is kept in")
    assert [process for process in family if not gone(process, patience=1)] == []


def walk(url: str) -> str:
    """Type what README.md says under "Five minutes"; what came of it."""
    walk = (CHECKOUT / "README.md").read_text(encoding="utf-8").partition("## Five minutes")[2].partition("\n## ")[0]
    commands = "\n".join(re.findall(r"(?ms)^```bash\n(.*?)^```", walk))
    assert "127.0.0.1:8000" in commands
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", commands.replace("http://127.0.0.1:8000", url)],
            cwd=home,
            env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_walk_of_the_readme_works_and_everything_is_found_again_after_ctrl_c(
    folder: Path, start: Callable[[int], Local]
) -> None:
    port = free_port()
    first = start(port)
    first.until(lambda said: WELCOME in said, patience=60)
    assert first.url in first.said
    assert demo.PASSWORD in first.said
    with httpx.Client(base_url=first.url, trust_env=False) as client:
        form = {"grant_type": "password", "username": demo.SALES.email, "password": demo.PASSWORD}
        token = client.post("/v1/auth/token", data=form).raise_for_status().json()["access_token"]
        client.headers["Authorization"] = f"Bearer {token}"
        new = client.post("/v1/customers", json={"name": "成都锦江酒店"}).raise_for_status().json()
        # The worker has taken in the demo: a person reads the welcome for longer than that takes.
        first.until(re.compile(r"customer\.warmth_changed .*厦门海通物流").search, patience=15)
        walked = walk(first.url)
        assert '"band" : "cold"' in walked
        assert '"band" : "hot"' in walked
        assert '"type":"reminder.fired"' in walked
        assert '"refused_count":1' in walked
        for event in ("visit.completed", "customer.warmth_changed", "task.created", "import.finished"):
            assert re.search(rf"{re.escape(event)} .* signature ok", first.said), first.said
        for title in ("Call 单雄信 back", "Send the quotation"):
            fired = re.compile(rf"reminder\.fired .*{title}.* signature ok")
            first.until(fired.search, patience=60)
        inbox = [one["title"] for one in client.get("/v1/notifications").json()["data"]]
        assert "Send the quotation" in inbox
        assert "WRONG" not in first.said
        kept = client.get("/v1/customers", params={"include_total": True}).json()["total"]
        assert kept == len(demo.CUSTOMERS) + 1
        stop(first)

        second = start(port)
        second.until(lambda said: WELCOME in said, patience=90)
        assert "Filling the demo" not in second.said
        # The token of the first run: the secret key was kept as well.
        assert client.get(f"/v1/customers/{new['id']}").raise_for_status().json()["name"] == "成都锦江酒店"
        assert client.get("/v1/customers", params={"include_total": True}).json()["total"] == kept
        told = re.compile(r"customer\.updated .*成都锦江酒店.* signature ok")
        client.patch(f"/v1/customers/{new['id']}", json={"region": "西南"}).raise_for_status()
        second.until(told.search, patience=60)
    stop(second)
    assert sorted(path.name for path in (folder / "data" / "run").iterdir()) == []


def test_a_second_instance_on_the_same_folder_is_refused_with_the_holders_id(
    folder: Path, start: Callable[[int], Local]
) -> None:
    with only_user_of(folder / "data"):
        second = start(free_port())
        assert second.process.wait(20) == 1
    assert f"in use by another process (id {os.getpid()})" in second.said
    assert "choose another RAPPORT_DATA_DIR" in second.said
    assert "Traceback" not in second.said


def test_a_busy_port_is_refused_with_another_to_choose(folder: Path, start: Callable[[int], Local]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        port = somebody.getsockname()[1]
        refused = start(port)
        assert refused.process.wait(20) == 1
    assert f"Cannot listen on port {port} of 127.0.0.1" in refused.said
    assert re.search(r"RAPPORT_PORT=\d+ make run", refused.said)
    assert "Traceback" not in refused.said
    assert not (folder / "data" / "postgres").exists()
