"""Rounds: files that must go are removed, and files that nothing names are swept up."""

import asyncio
import logging

from crm.attachments import folder, sweeping
from crm.exports.writing import Folder
from crm.removals.actions import Removal, settle
from crm.workspaces.acting import acting_in, all_workspaces
from services.worker.rounds import Worker

SECONDS = (2.0, 4.0)
MOST = 500

logger = logging.getLogger("rapport.worker.removing")


async def remove_files(worker: Worker) -> bool:
    """Remove what is owed. A file that cannot be removed is owed still, and so is everything taken with it."""
    async with worker.database.scanning() as tx:
        owed = await settle(tx, MOST)
        await asyncio.to_thread(_remove, worker, owed)
    return len(owed) == MOST


async def sweep_attachments(worker: Worker) -> bool:
    """Look through the folder of each workspace that there is; folders of others are none of our business."""
    at = worker.settings.attachments_dir
    async with worker.database.scanning() as tx:
        workspaces = await all_workspaces(tx)
    for workspace_id in workspaces:
        if worker.stopping.is_set():
            break
        try:
            actor = await acting_in(worker.database, workspace_id)
            for place in await sweeping.orphans(worker.database.reading(actor), at):
                await asyncio.to_thread(place.unlink, missing_ok=True)
                logger.info("swept up a file that nothing names", extra={"facts": {"file": place.name}})
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("sweeping failed", extra={"facts": {"workspace_id": workspace_id}})
    return False


def _remove(worker: Worker, owed: list[Removal]) -> None:
    for removal in owed:
        if removal.kind == "attachment":
            folder.forget(worker.settings.attachments_dir, removal.workspace_id, removal.file_id)
        else:
            Folder(worker.settings.data_dir).remove(removal.workspace_id, removal.file_id)
