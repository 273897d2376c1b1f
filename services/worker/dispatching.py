"""Rounds: notifications become what channels are owed, and channels whose turn it is are told.

Leased in Postgres and sent right here, beside the rounds: no queue is needed, and while there is none nothing waits.
Each kind of channel has places of its own, so that one slow provider does not hold up the others.
"""

import asyncio
import logging
import random
from collections import Counter

from crm.actor import NOBODY
from crm.channels import leases, letters, owing, settling
from crm.channels.leases import Lease
from crm.channels.letters import Draft
from crm.channels.rules import Verdict
from crm.channels.seeing import not_to_be_told
from crm.channels.settling import Report
from crm.channels.targets import place_of, unpacked
from crm.channels.telling import told
from crm.database import EVERYWHERE
from crm.sealing import SealBroken
from services.worker.channels.parcels import Means, Parcel
from services.worker.channels.roster import ADAPTERS
from services.worker.rounds import Worker

OWED_SHARE = 500
OWED_MOST = 2_000
PLACES = 10
"""So many channels of one kind are told at a time in this process."""
SHARE = 5
"""So many of one workspace are begun in a round."""

logger = logging.getLogger("rapport.worker.dispatching")


async def owe_messages(worker: Worker) -> bool:
    """Write down what channels are owed of a batch of notifications, in one transaction.

    While reminders are still to be fired, in small batches and without haste: firing has a promise to keep to the
    second, and here ten seconds are waited anyway.
    """
    turn = worker.turns["owe messages"]
    async with worker.database.scanning() as tx:
        behind = await owing.is_firing_behind(tx)
        most = OWED_SHARE if behind else OWED_MOST
        taken = await owing.take(tx, after=turn.after, share=OWED_SHARE, most=most)
        await owing.owe(tx, taken)
    return turn.next([row["workspace_id"] for row in taken], share=OWED_SHARE, most=most) and not behind


async def send_messages(worker: Worker) -> bool:
    """Begin to tell the channels whose turn it is, as many as there are places for."""
    busy = Counter(worker.messages.values())
    kinds = [kind for kind in ADAPTERS if busy[kind] < PLACES]
    if not kinds or worker.stopping.is_set():
        return False
    most = PLACES - max(busy[kind] for kind in kinds)
    turn = worker.turns["send messages"]
    access = worker.database.writing(EVERYWHERE)
    found = await leases.claim(access, kinds=kinds, after=turn.after, share=SHARE, most=most)
    for lease in found:
        _tell_beside(worker, lease)
    if not found:
        began_later, turn.after = turn.after != NOBODY, NOBODY
        return began_later
    return turn.next([lease.workspace_id for lease in found], share=SHARE, most=most)


async def tell(worker: Worker, lease: Lease) -> Report | None:
    """Send what is next over a leased channel, once; None where there was nothing to be sent."""
    actor = await worker.actor(lease.workspace_id)
    async with worker.database.transaction(actor) as tx:
        draft = await letters.draft(tx, lease)
    if draft is None:
        return None
    dropped = await not_to_be_told(worker.database, lease.workspace_id, draft.items)
    async with worker.database.transaction(actor) as tx:
        if not await letters.begin(tx, draft, dropped):
            return None
    report = await send(worker, draft, frozenset(dropped))
    async with worker.database.transaction(actor) as tx:
        state = await settling.settle(tx, draft, report, random.Random())
    facts = {"message_id": draft.message_id, "channel_id": lease.channel_id, "attempt": draft.attempt}
    if state is None:
        logger.warning("came back too late to settle a message", extra={"facts": facts})
    elif state == "dead":
        more = {"status": report.status, "code": report.code, "error": report.error}
        logger.warning("message is dead", extra={"facts": facts | more})
    return report


async def send(worker: Worker, draft: Draft, dropped: frozenset[object] = frozenset()) -> Report:
    """Send it, with nothing open in Postgres. Whatever goes wrong in an adapter is a report too."""
    items = [item for item in draft.items if item.id not in dropped]
    place = place_of(draft.lease.workspace_id, draft.lease.channel_id)
    try:
        secrets = unpacked(worker.sealer.open(draft.sealed, place)) if draft.sealed is not None else {}
    except SealBroken:
        logger.exception("cannot read the secret of a channel; was the secret key changed?")
        return Report(Verdict.RETRY, error="SecretUnreadable")
    code = None
    if draft.occasion == "code" and draft.code_sent_at is not None:
        code = worker.proofs.code(draft.lease.channel_id, str(draft.address), draft.code_sent_at)
    means = Means(worker.outbound, worker.settings.mail, worker.unsubscribe_url)
    try:
        return await ADAPTERS[draft.kind](means, Parcel(draft, told(draft, items, code), items, secrets))
    except Exception as error:  # A flaw in an adapter must not have the lease run out again and again unnoticed.
        # Not its text: it may name an address that is a secret.
        logger.error("an adapter failed", extra={"facts": {"kind": draft.kind, "error": type(error).__name__}})
        return Report(Verdict.RETRY, error=type(error).__name__)


def _tell_beside(worker: Worker, lease: Lease) -> None:
    """Beside the rounds, so that a channel that does not answer holds up no other."""

    def ended(task: asyncio.Task[Report | None]) -> None:
        worker.messages.pop(task, None)
        if not task.cancelled() and (error := task.exception()):
            logger.error("a message went wrong; it will be tried again", exc_info=error)

    task = asyncio.create_task(tell(worker, lease))
    worker.messages[task] = lease.kind
    task.add_done_callback(ended)
