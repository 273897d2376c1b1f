"""SIGTERM with a real server: first not ready, then closed, and nobody who was being served is dropped."""

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    port, output = free_port(), tmp_path / "output"
    command = [sys.executable, "-m", "uvicorn", "--factory", "tests.api.draining_app:create_app", "--port", str(port)]
    with output.open("wb") as written:
        process = subprocess.Popen(
            [*command, "--timeout-graceful-shutdown", "20"], cwd=ROOT, stdout=written, stderr=written
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 20
        while True:
            try:
                httpx.get(f"{address}/health/ready", timeout=1)
                break
            except httpx.TransportError:
                assert time.monotonic() < until, output.read_text()
                time.sleep(0.1)
        yield process, address, output
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)


async def test_sigterm_says_not_ready_serves_on_and_then_stops(
    server: tuple[subprocess.Popen[bytes], str, Path],
) -> None:
    process, address, output = server
    async with httpx.AsyncClient(base_url=address) as client:
        assert (await client.get("/health/ready")).status_code == 200
        early = asyncio.create_task(client.get("/slow"))
        await asyncio.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.2)
        # A new connection: the listener must still be open while the balancer has not noticed.
        async with httpx.AsyncClient(base_url=address) as newcomer:
            assert (await newcomer.get("/health/ready")).status_code == 503
        late = asyncio.create_task(client.get("/slow"))
        answers = await asyncio.gather(early, late)
    assert [answer.json() for answer in answers] == [{"done": "yes"}] * 2
    assert await asyncio.to_thread(process.wait, 10) in {0, -signal.SIGTERM}
    lines = output.read_text().splitlines()
    assert all(line.startswith("{") for line in lines if "INFO:" not in line)
    assert sum('"route":"/slow"' in line for line in lines) == 2
    async with httpx.AsyncClient(base_url=address) as client:
        with pytest.raises(httpx.TransportError):
            await client.get("/health/ready")
