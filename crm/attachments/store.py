"""Where content is kept, as the product knows it: put, open, delete and list, by key.

What is put is whole or not there.

A key is ``<workspace>/<two digits>/<id>``: never a name that somebody sent.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol
from uuid import UUID

PIECE = 256 * 1024
"""Bytes that content is given back in, roughly."""


class StoreFailed(Exception):
    """The store did not do what it was asked, and may later: it is away, or refuses us."""


class Kept(NamedTuple):
    """Something in a store."""

    key: str
    size: int
    changed_at: datetime


class Store(Protocol):
    """A place for content. Whatever goes wrong there raises ``StoreFailed``."""

    async def put(self, key: str, content: BinaryIO) -> None:
        """Keep what the file holds from its beginning, whatever was there."""

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The content piece by piece. Raises ``FileNotFoundError`` before the first."""

    async def delete(self, key: str) -> None:
        """Remove what is there; where nothing is, nothing happens."""

    def list(self, prefix: str) -> AsyncIterator[Kept]:
        """Everything whose key begins with these folders, in no order."""


def key_of(workspace_id: UUID, attachment_id: UUID | str) -> str:
    """The last two digits of an id are random: they spread files over folders."""
    name = str(attachment_id)
    return f"{prefix_of(workspace_id)}{name[-2:]}/{name}"


def prefix_of(workspace_id: UUID) -> str:
    """What the keys of a workspace begin with."""
    return f"{workspace_id}/"
