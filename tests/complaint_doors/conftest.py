"""What the tests of the doors share: somebody at an address of their own, a form, an inbox, signed mails."""

import base64
import hmac
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from crm.webhooks.signing import headers
from tests.complaints.steps import Path
from tests.conftest import Client, Clients
from tests.factories import Workspace, an_address


@pytest.fixture
def stranger(clients: Clients) -> Client:
    """Somebody without an account."""
    return clients(None, an_address())


@pytest.fixture
def gateway(clients: Clients) -> Client:
    """A program that hands mails over."""
    return clients(None, an_address())


@pytest.fixture
def manager(clients: Clients, workspace: Workspace) -> Client:
    """Who keeps the doors."""
    return clients(workspace.manager.token)


@pytest.fixture
def service(clients: Clients, workspace: Workspace) -> Client:
    """Who handles complaints."""
    return clients(workspace.service.token)


@pytest.fixture
def path(clients: Clients, service: Client, workspace: Workspace) -> Path:
    """The way of a complaint; an administrator approves."""
    return Path(service, clients(workspace.admin.token), workspace)


async def new_form(client: Client, **more: Any) -> dict[str, Any]:
    """A form, with the path of its link as ``path``."""
    made = await client.post("/v1/complaint-forms", json={"name": "Website", **more})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return {**found, "path": httpx.URL(found["url"]).path}


async def new_inbox(client: Client, **more: Any) -> dict[str, Any]:
    """An inbox, with the path of its address as ``path``."""
    made = await client.post("/v1/complaint-inboxes", json={"name": "complaints@", **more})
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return {**found, "path": httpx.URL(found["url"]).path}


async def hand_over(
    gateway: Client, inbox: dict[str, Any], raw: bytes, *, key: str | None = None, at: datetime | None = None
) -> httpx.Response:
    """A mail, signed as the gateway of this inbox signs."""
    key = key or f"msg_{uuid4().hex}"
    # The library that signs what we send takes text; the signature is over bytes.
    signed = sign(inbox["secret"], key, at or datetime.now(UTC), raw)
    return await gateway.post(inbox["path"], content=raw, headers={"Content-Type": "message/rfc822", **signed})


def sign(secret: str, key: str, at: datetime, raw: bytes) -> dict[str, str]:
    """The three headers, by the library where it can."""
    try:
        return headers([secret], key, at, raw)
    except UnicodeDecodeError:
        seconds = str(int(at.timestamp()))
        text = f"{key}.{seconds}.".encode() + raw
        made = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), text, "sha256")
        return {
            "webhook-id": key,
            "webhook-timestamp": seconds,
            "webhook-signature": "v1," + base64.b64encode(made).decode(),
        }


def a_mail(
    text: str = "The pump failed again.",
    *,
    sender: str = "Wang Fang <wang@example.org>",
    subject: str = "Pump failed",
    **more: str,
) -> bytes:
    """A plain mail with a Message-ID of its own; ``more`` headers with ``_`` for ``-``."""
    named = {"Message_ID": f"<{uuid4().hex}@example.org>", **more}
    lines = [f"From: {sender}", f"Subject: {subject}", "To: complaints@example.com"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in named.items()]
    return "\r\n".join([*lines, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", text]).encode()
