"""Round: reminders by the clock on the wall are held against the zones' rules, at the start and once a day."""

import logging
from zoneinfo import ZoneInfo

from crm.reminders.rechecking import Place, recheck, workspaces_on_the_wall
from services.worker.rounds import Worker

AT_ONCE = 2000
"""So many different wall-clock times in one transaction."""

logger = logging.getLogger("rapport.worker.rezoning")


async def recheck_zones(worker: Worker) -> bool:
    """One pass over all workspaces. One that goes wrong leaves the others alone."""
    # Zone data that was replaced under a running process is read anew; a new release of ``tzdata`` comes with a start.
    ZoneInfo.clear_cache()
    async with worker.database.scanning() as tx:
        homes = await workspaces_on_the_wall(tx)
    for workspace_id in homes:
        if worker.stopping.is_set():
            break
        place: Place | None = Place()
        moved = 0
        try:
            while place is not None:
                async with worker.database.transaction(await worker.actor(workspace_id)) as tx:
                    place, moved_now = await recheck(tx, place, most=AT_ONCE)
                moved += moved_now
        except Exception:  # Its turn comes again; those after it must not wait for that.
            logger.exception("reminders were not rechecked", extra={"facts": {"workspace_id": workspace_id}})
            continue
        if moved:
            facts = {"workspace_id": workspace_id, "moved": moved}
            logger.warning("the rules of a time zone changed; reminders were moved", extra={"facts": facts})
    return False
