"""Round: reminders that nobody minds are told to somebody's manager."""

from datetime import UTC, datetime, timedelta

from crm.calendars.prepared import calendars_of
from crm.database import Transaction
from crm.notifications import escalating
from crm.notifications.escalating import Ignored
from services.worker.rounds import Worker

SECONDS = (10.0, 20.0)
MOST = 500


async def escalate(worker: Worker) -> bool:
    """Look where it is time, and deal with a batch in each of these workspaces."""
    async with worker.database.scanning() as tx:
        homes = await escalating.workspaces_with_ignored(tx, MOST)
    full = False
    for home in homes:
        async with worker.database.transaction(await worker.actor(home)) as tx:
            found = await escalating.ignored(tx, MOST)
            await escalate_some(tx, found, datetime.now(UTC))
        full = full or len(found) >= MOST
    return full


async def escalate_some(tx: Transaction, found: list[Ignored], now: datetime) -> int:
    """Tell the managers of what has been ignored for long enough; how many were told of."""
    after = timedelta(minutes=tx.actor.settings["reminders"]["escalate_after_minutes"])
    if not after:
        await escalating.give_up(tx, [one.id for one in found])
        return 0
    due = {one.id: one.fired_at + after for one in found}
    if tx.actor.settings["reminders"]["escalate_counts"] == "working_minutes":
        calendars = await calendars_of(tx, sorted({one.user_id for one in found}))
        due = {one.id: calendars[one.user_id].deadline(one.fired_at, after) for one in found}
    await escalating.wait_longer(tx, [(id_, moment) for id_, moment in due.items() if moment > now])
    return await escalating.escalate(tx, [id_ for id_, moment in due.items() if moment <= now])
