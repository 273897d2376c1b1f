"""A folder of this machine as a store: one file for each key, readable by the product's own user only.

A file is written beside its place, flushed to the disk, and moved there.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from crm.attachments.store import PIECE, Kept, StoreFailed


class Folder:
    """Files below ``root``, which is made with the first."""

    def __init__(self, root: Path) -> None:
        """Nothing is touched yet."""
        self.root = root

    async def put(self, key: str, content: BinaryIO) -> None:
        """Keep it; the disk has it when this returns."""
        try:
            await asyncio.to_thread(_write, self.root / key, content)
        except OSError as error:
            raise StoreFailed(type(error).__name__) from error

    async def open(self, key: str) -> AsyncIterator[bytes]:
        """The file piece by piece; read in a thread, since a disk may take its time."""
        place = self.root / key
        if not await asyncio.to_thread(place.is_file):
            raise FileNotFoundError(key)
        return _pieces(place)

    async def delete(self, key: str) -> None:
        """Remove the file."""
        try:
            await asyncio.to_thread((self.root / key).unlink, missing_ok=True)
        except OSError as error:
            raise StoreFailed(type(error).__name__) from error

    async def list(self, prefix: str) -> AsyncIterator[Kept]:
        """What lies below this folder; the beginnings of files that were never finished too."""
        for one in await asyncio.to_thread(lambda: list(_below(self.root, prefix))):
            yield one


def _write(place: Path, content: BinaryIO) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(f"{place.name}.{uuid4().hex}.new")
    content.seek(0)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            shutil.copyfileobj(content, file, PIECE)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


async def _pieces(place: Path) -> AsyncIterator[bytes]:
    """Opened with the first piece: who turns away before that leaves nothing open."""
    with await asyncio.to_thread(place.open, "rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


def _below(root: Path, prefix: str) -> list[Kept]:
    found = []
    for file in (root / prefix).rglob("*"):
        try:
            status = file.stat()
        except FileNotFoundError:
            continue
        if file.is_file():
            changed_at = datetime.fromtimestamp(status.st_mtime, UTC)
            found.append(Kept(file.relative_to(root).as_posix(), status.st_size, changed_at))
    return found
