"""Round: facts are followed by what the table of reactions says, each exactly once in effect."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from crm.database import EVERYWHERE
from crm.events import reacting
from crm.events.reacting import Claim
from crm.planning import BY_KEY
from services.worker.reactions import BY_RULE, REACTIONS, TOGETHER, Reaction, ReactionToMany, name_of
from services.worker.rounds import Worker

SHARE = 100
MOST = 200
LANES = 4
"""Reactions carried out at a time."""
BESIDE_AN_IMPORT = 10
"""Of a workspace in a round while this process imports: each new customer owes one, and they would take turns with the
import statement by statement. What other workspaces are owed does not wait for them."""

BY_NAME: Mapping[str, Reaction] = {
    name_of(one): one for several in (*REACTIONS.values(), (BY_RULE,)) for one in several
}

TO_MANY: Mapping[str, ReactionToMany] = {name_of(one): many for one, many in TOGETHER.items()}

logger = logging.getLogger("rapport.worker.reacting")


async def react(worker: Worker) -> bool:
    """Claim a batch of reactions and carry them out, some at a time."""
    turn = worker.turns["react"]
    share = BESIDE_AN_IMPORT if worker.importing else SHARE
    claims = await reacting.claim(worker.database.writing(EVERYWHERE), after=turn.after, share=share, most=MOST)
    more = turn.next([claim.workspace_id for claim in claims], share=share, most=MOST) and not worker.importing
    left = iter(in_groups(claims))

    async def lane() -> None:
        for group in left:
            await carry_out_all(worker, group)

    try:
        async with asyncio.TaskGroup() as lanes:
            for _ in range(min(LANES, len(claims))):
                lanes.create_task(lane())
    except ExceptionGroup as errors:
        # Only what goes wrong beside the reactions themselves comes here: the database is away.
        raise errors.exceptions[0] from errors
    return more


def in_groups(claims: Sequence[Claim]) -> list[list[Claim]]:
    """What is carried out together: reactions of one name in one workspace at the same attempt, if many can be."""
    groups: dict[Any, list[Claim]] = {}
    for claim in claims:
        together = claim.name in TO_MANY and claim.state != "dead"
        groups.setdefault((claim.workspace_id, claim.name, claim.attempts) if together else claim, []).append(claim)
    return list(groups.values())


async def carry_out_all(worker: Worker, claims: Sequence[Claim]) -> None:
    """Reactions of one group: together, or one by one where they are alone or where together something goes wrong."""
    if len(claims) == 1 or worker.stopping.is_set() or not await _together(worker, claims):
        for claim in claims:
            await carry_out(worker, claim)


async def _together(worker: Worker, claims: Sequence[Claim]) -> bool:
    """Whether all went well: then they are settled with their effects. Else nothing has happened."""
    actor = await worker.actor(claims[0].workspace_id)
    try:
        async with worker.database.transaction(actor) as tx:
            await tx.row(BY_KEY)
            taken = await reacting.take_all(tx, claims)
            if taken:
                await TO_MANY[claims[0].name](tx, [fact for _, fact in taken])
                await reacting.settle_all(tx, [claim for claim, _ in taken])
    except Exception as error:  # One of them may be the cause: alone, it holds up none of the others.
        facts = {"reaction": claims[0].name, "many": len(claims)}
        logger.warning("reactions failed together", exc_info=error, extra={"facts": facts})
        return False
    return True


async def carry_out(worker: Worker, claim: Claim) -> None:
    """One reaction in its workspace, settled together with its effect; what goes wrong is kept with it."""
    facts = {"reaction": claim.name, "event_id": claim.event_id, "attempts": claim.attempts}
    if claim.state == "dead":
        logger.error("reaction is dead", extra={"facts": facts})
        return
    actor = await worker.actor(claim.workspace_id)
    if worker.stopping.is_set():
        await reacting.give_back(worker.database.writing(actor), claim)
        return
    try:
        async with worker.database.transaction(actor) as tx:
            fact = await reacting.take(tx, claim)
            if fact is not None:
                await BY_NAME[claim.name](tx, fact)
                await reacting.settle(tx, claim)
    except Exception as error:  # A reaction that fails is put off; it holds up nobody.
        state = await reacting.fail(worker.database.writing(actor), claim, type(error).__name__)
        level = logging.ERROR if state == "dead" else logging.WARNING
        logger.log(level, "reaction failed", exc_info=error, extra={"facts": {**facts, "state": state}})
