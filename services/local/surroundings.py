"""What lies around the processes of ``rapport local``: the address they share, their environment, how to greet."""

import base64
import os
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

import httpx

from services.local import demo

READY_TIMEOUT = 5.0
# Of the caller's environment, these would lead the processes away from the embedded servers.
NOT_PASSED_ON = {"DATABASE_URL", "DATABASE_READ_URL", "REDIS_URL", "RAPPORT_API_PASSWORD", "RAPPORT_WORKER_PASSWORD"}


class CannotListen(Exception):
    """The API's address cannot be taken; the message names it and the variables that choose another."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where the API listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """How this machine itself reaches it."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104  compared, not bound
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Receiver:
    """The webhook receiver of the demo workspace. Both are kept between runs, since the workspace remembers them."""

    port: int
    secret: str

    @property
    def url(self) -> str:
        """What the demo workspace's endpoint is registered with."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def environment(self) -> dict[str, str]:
        """What the receiver's process is told."""
        return {"RAPPORT_RECEIVER_PORT": str(self.port), "RAPPORT_RECEIVER_SECRET": self.secret}


def check(address: Address) -> None:
    """Raise CannotListen unless the address is free."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        socket.create_server((address.host, address.port), family=family).close()
    except OSError as error:
        # create_server's own words end with the address once more.
        reason = str(error.strerror).partition(" (while")[0].lower()
        raise CannotListen(
            f"Cannot listen on port {address.port} of {address.host}: {reason}. "
            f"Choose another, for example: RAPPORT_PORT={free_port()} make run"
        ) from None


def free_port() -> int:
    """A port of this machine that nobody uses at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def webhook_secret() -> str:
    """A new signing secret for the demo receiver, in the form of Standard Webhooks."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def of_a_process(folder: Path, address: Address, secret_key: str, redis_url: str) -> dict[str, str]:
    """The environment that API and worker share; each adds the database login of its own."""
    return {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | {
        "REDIS_URL": redis_url,
        "RAPPORT_SECRET_KEY": secret_key,
        "RAPPORT_DATA_DIR": str(folder),
        "RAPPORT_HOST": address.host,
        "RAPPORT_PORT": str(address.port),
        "RAPPORT_WEBHOOKS_ALLOW_LOOPBACK": "true",
        "RAPPORT_DRAIN_SECONDS": "0",
        "PYTHONUNBUFFERED": "1",
    }


def is_ready(address: Address) -> bool:
    """Whether the API says that it and everything it needs is ready."""
    answer = _readiness(address)
    return answer is not None and answer.status_code == 200


def why_not_ready(address: Address, logs: Path) -> str:
    """What to tell a person who has waited in vain."""
    answer = _readiness(address)
    said = "no answer" if answer is None else f"{answer.status_code} {answer.text[:1000]}"
    return f"Not ready in time. {address.url}/health/ready: {said}\nLogs: {os.path.relpath(logs)}"


def _readiness(address: Address) -> httpx.Response | None:
    try:
        return httpx.get(f"{address.url}/health/ready", timeout=READY_TIMEOUT, trust_env=False)
    except httpx.TransportError:
        return None


def welcome(address: Address, logs: Path) -> str:
    """What a newcomer is told once everything runs."""
    return f"""
Rapport is running.

  API page    {address.url}/docs   (Authorize with one of these)
  Log-ins     {demo.ADMIN} (admin), {demo.MANAGER.email} (manager), {demo.SALES.email} (sales)
  Password    {demo.PASSWORD}
  Logs        {os.path.relpath(logs)}

Try this: read README.md, "Five minutes", or begin with

  curl -s {address.url}/v1/auth/token -d grant_type=password -d username={demo.SALES.email} -d password={demo.PASSWORD}

Below, the demo's receiver prints what it is told, as a webhook and as a group robot; reminders fire within the minute.
Ctrl-C stops everything; the data is kept."""
