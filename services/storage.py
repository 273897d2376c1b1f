"""Where files are kept, as the environment says: in a bucket, or in a folder of this machine."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from crm.attachments.bucket import Bucket
from crm.attachments.local import Folder
from crm.attachments.store import Store
from crm.exports.writing import EXTENSIONS
from services.settings import Settings

EXPORTS = "exports/"


@cache
def store_of(settings: Settings) -> Store:
    """The store of attachments that all processes share; it connects with its first use."""
    if settings.s3_bucket and settings.s3_access_key_id and settings.s3_secret_access_key:
        return Bucket(
            settings.s3_bucket,
            prefix=settings.s3_prefix,
            endpoint=settings.s3_endpoint,
            region=settings.s3_region,
            access_key_id=settings.s3_access_key_id.get_secret_value(),
            secret_access_key=settings.s3_secret_access_key.get_secret_value(),
        )
    return Folder(settings.attachments_dir)


@dataclass(frozen=True)
class Shelf:
    """The files of exports: written in ``root``, a folder of this machine, kept in ``store``.

    In the bucket where there is one, so that whoever writes and whoever fetches need not share a folder.
    """

    root: Path
    store: Store

    def draft(self, workspace_id: UUID, export_id: UUID, lease_id: UUID) -> Path:
        """Where whoever has this lease writes."""
        return self.root / EXPORTS / str(workspace_id) / f"{export_id}.{lease_id}.part"

    async def keep(self, draft: Path, workspace_id: UUID, export_id: UUID, format_: str) -> None:
        """The draft is the file of the export, whole or not at all. Raises ``StoreFailed``."""
        with await asyncio.to_thread(draft.open, "rb") as file:
            await self.store.put(export_key(workspace_id, export_id, format_), file)

    async def open(self, workspace_id: UUID, export_id: UUID, format_: str) -> AsyncIterator[bytes]:
        """The file piece by piece. Raises ``FileNotFoundError`` before the first, ``StoreFailed``."""
        return await self.store.open(export_key(workspace_id, export_id, format_))

    async def remove(self, workspace_id: UUID, export_id: UUID) -> None:
        """Delete the file of an export, in whatever format, finished or not; where there is one."""
        for format_ in EXTENSIONS:
            await self.store.delete(export_key(workspace_id, export_id, format_))
        await asyncio.to_thread(_forget, self.root / EXPORTS / str(workspace_id), export_id)

    async def sweep(self, older_than: float) -> int:
        """Delete what is older than so many seconds, and drafts that nobody writes any more; how many."""
        before = datetime.now(UTC) - timedelta(seconds=older_than)
        gone = 0
        for store in (self.store, Folder(self.root)):
            for key in [one.key async for one in store.list(EXPORTS) if one.changed_at < before]:
                await store.delete(key)
                gone += 1
        return gone


def _forget(folder: Path, export_id: UUID) -> None:
    for draft in folder.glob(f"{export_id}.*"):
        draft.unlink(missing_ok=True)


def export_key(workspace_id: UUID, export_id: UUID, format_: str) -> str:
    """Under which key the file of an export is kept."""
    return f"{EXPORTS}{workspace_id}/{export_id}.{EXTENSIONS[format_]}"


@cache
def shelf_of(settings: Settings) -> Shelf:
    """Where the files of exports lie: in the bucket beside the attachments, or in a folder of their own."""
    root = settings.data_dir.expanduser().resolve()
    return Shelf(root, store_of(settings) if settings.s3_bucket else Folder(root))
