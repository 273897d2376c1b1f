"""Rounds: files that must go are removed, and files that nothing names are swept up."""

import logging

from crm.attachments import sweeping
from crm.attachments.store import key_of
from crm.removals.actions import Removal, longest_owed, settle
from crm.workspaces.acting import acting_in, all_workspaces
from services.storage import shelf_of, store_of
from services.worker.rounds import Worker

SECONDS = (2.0, 4.0)
MOST = 500

logger = logging.getLogger("rapport.worker.removing")


async def remove_files(worker: Worker) -> bool:
    """Remove what is owed, outside of any transaction. A file that cannot be removed is owed still."""
    async with worker.database.scanning() as tx:
        owed = await longest_owed(tx, MOST)
    gone: list[Removal] = []
    try:
        for removal in owed:
            await _remove(worker, removal)
            gone.append(removal)
    finally:
        if gone:
            async with worker.database.scanning() as tx:
                await settle(tx, gone)
    return len(owed) == MOST


async def sweep_attachments(worker: Worker) -> bool:
    """Look through what is kept of each workspace that there is; what others keep there is none of our business."""
    store = store_of(worker.settings)
    async with worker.database.scanning() as tx:
        workspaces = await all_workspaces(tx)
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            for key in await sweeping.orphans(worker.database.reading(actor), store):
                await store.delete(key)
                logger.info("swept up a file that nothing names", extra={"facts": {"file": key}})
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("sweeping failed", extra={"facts": {"workspace_id": workspace_id}})
    return False


async def _remove(worker: Worker, removal: Removal) -> None:
    if removal.kind == "attachment":
        await store_of(worker.settings).delete(key_of(removal.workspace_id, removal.file_id))
    else:
        await shelf_of(worker.settings).remove(removal.workspace_id, removal.file_id)
