"""The demo's receiver: what is signed is taken, the rest is refused, and each leaves a line."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from crm.webhooks.signing import headers, new_secret
from services.local.receiver import LARGEST, receiver
from services.local.surroundings import Receiver, free_port

SECRET = new_secret()
VISIT = {"type": "visit.completed", "data": {"purpose": "renewal", "customer": {"id": "1", "name": "重庆长安"}}}


def signed(told: Any, delivery_id: str = "1", secret: str = SECRET) -> tuple[Mapping[str, str], bytes]:
    """Headers and body as the product sends them."""
    body = orjson.dumps(told)
    return headers([secret], delivery_id, datetime.now(UTC), body), body


class Listening:
    """The receiver in this process, and what it said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        transport = httpx.ASGITransport(receiver(SECRET, self.said.append))  # type: ignore[arg-type]  # httpx is narrower
        self.client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")

    async def post(self, sent: tuple[Mapping[str, str], bytes]) -> int:
        """Send; the status."""
        return (await self.client.post("/", headers=dict(sent[0]), content=sent[1])).status_code


async def test_a_signed_delivery_is_taken_and_told_in_one_line() -> None:
    listening = Listening()
    assert await listening.post(signed(VISIT)) == 204
    (told,) = listening.said
    assert "visit.completed" in told
    assert "重庆长安 · renewal" in told
    assert told.endswith("signature ok")
    await listening.post(signed(VISIT))
    assert listening.said[-1].endswith("signature ok, again")


async def test_it_plays_a_robot_and_prints_what_a_group_would_read() -> None:
    listening = Listening()
    body = {"msgtype": "text", "text": {"content": "Rapport: 2 reminders\n09:00 Call\u202eAcme"}}
    answer = await listening.client.post("/robot?key=whatever", json=body)
    assert (answer.status_code, answer.json()["errcode"]) == (200, 0)
    assert [said[10:] for said in listening.said] == ["robot    Rapport: 2 reminders", "robot    09:00 Call�Acme"]
    for nonsense in (b"", b"[]", b'{"text":1}'):
        assert (await listening.client.post("/robot", content=nonsense)).status_code == 200


async def test_a_wrong_signature_is_refused_and_told() -> None:
    listening = Listening()
    sent, body = signed(VISIT)
    for wrong in (
        signed(VISIT, secret=new_secret()),
        ({}, body),
        (sent, body + b" "),
        ({**sent, "webhook-id": "2"}, body),
    ):
        assert await listening.post(wrong) == 401
    assert all("WRONG" in told and "长安" not in told for told in listening.said)
    assert len(listening.said) == 4


@pytest.mark.parametrize("told", [[], 1, None, {}, {"type": 5, "data": {"name": 7}}, {"data": []}, "x"])
async def test_whatever_is_signed_is_taken(told: Any) -> None:
    listening = Listening()
    assert await listening.post(signed(told)) == 204
    assert len(listening.said) == 1


async def test_control_characters_do_not_reach_the_terminal() -> None:
    listening = Listening()
    await listening.post(signed({"type": "x", "data": {"name": "\x1b[2J\nsignature ok"}}))
    assert listening.said[0].isprintable()


async def test_other_methods_and_endless_bodies_are_refused() -> None:
    listening = Listening()
    assert (await listening.client.get("/")).status_code == 405
    assert await listening.post(({}, b"x" * (LARGEST + 1))) == 413
    assert listening.said == []


def test_the_process_serves_and_ends_when_asked() -> None:
    told = Receiver(free_port(), SECRET)
    environment = {**os.environ, **told.environment}
    command = [sys.executable, "-m", "services.local.receiver"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        sent, body = signed(VISIT)
        for _ in range(200):
            try:
                response = httpx.post(told.url, headers=dict(sent), content=body, trust_env=False)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        assert response.status_code == 204
        assert "signature ok" in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in {0, -signal.SIGTERM}


def test_it_says_what_it_needs() -> None:
    command = [sys.executable, "-m", "services.local.receiver"]
    lacking = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    ended = subprocess.run(command, env=lacking, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "RAPPORT_RECEIVER_PORT" in ended.stderr
