"""What tests of signing in share: strangers who come from an address of their own, and a password that is known."""

import ipaddress
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest
import pytest_asyncio

from crm.workspaces.mint import Mint
from crm.workspaces.passwords import hash_password
from tests.conftest import Client, Clients, Running, Stage

PASSWORD = "correct horse battery"


@pytest.fixture
def stranger(clients: Clients) -> Client:
    """Nobody yet, at an address that no other test uses: counters per address outlive a test."""
    return clients(None, address=str(ipaddress.IPv4Address(random.getrandbits(32))))


@pytest.fixture
def mint(api: Running) -> Mint:
    """What the live application makes its tokens with."""
    found: Mint = api.app.state.mint
    return found


@pytest_asyncio.fixture(scope="session")
async def password_hash() -> str:
    """The hash of ``PASSWORD``, made once: argon2 is slow by design."""
    return await hash_password(PASSWORD)


@pytest.fixture
def with_password(stage: Stage, password_hash: str) -> Callable[[UUID], Awaitable[None]]:
    """Give someone ``PASSWORD``."""

    async def give(user_id: UUID) -> None:
        await stage.owner.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user_id, password_hash)

    return give


GivePassword = Callable[[UUID], Awaitable[None]]
