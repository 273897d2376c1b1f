"""Round: what has happened becomes what is owed: deliveries to webhooks, and reactions of our own."""

from collections.abc import Sequence

from crm.database import EVERYWHERE, Transaction
from crm.events.publishing import Owed, Published, is_anything_unpublished, owe_reactions, owe_reactions_here, publish
from crm.task_rules.queries import ruled
from crm.webhooks.owing import owe_deliveries, owe_deliveries_here
from services.worker.reactions import BY_RULE, REACTIONS, name_of
from services.worker.rounds import Worker

SHARE = 500
MOST = 2000


async def publish_facts(worker: Worker) -> bool:
    """Publish a batch of facts with everything they owe, in one transaction."""
    if not await is_anything_unpublished(worker.database.writing(EVERYWHERE)):
        return False
    turn = worker.turns["publish"]
    async with worker.database.scanning() as tx:
        published = await publish(tx, after=turn.after, share=SHARE, most=MOST)
        if published:
            await owe(tx, published)
    return turn.next([fact.workspace_id for fact in published], share=SHARE, most=MOST)


async def owe(tx: Transaction, published: Sequence[Published]) -> None:
    """Write down all that these facts owe, in the transaction that publishes them."""
    homes, ids, types = zip(*published, strict=True)
    await owe_deliveries(tx, homes, ids, types)
    owed = [owed for fact in published for owed in reactions_to(fact)]
    by_rule = await ruled(tx, homes, types)
    owed += [by_a_rule(fact) for fact in published if (fact.workspace_id, fact.type) in by_rule]
    await owe_reactions(tx, owed)


async def owe_here(tx: Transaction, event_type: str) -> None:
    """The same for all facts of a type that this very transaction, in its workspace, has written as published."""
    await owe_deliveries_here(tx, event_type)
    names = [name_of(reaction) for reaction in REACTIONS.get(event_type, ())]
    if await ruled(tx, [tx.actor.workspace_id], [event_type]):
        names.append(name_of(BY_RULE))
    await owe_reactions_here(tx, event_type, names)


def reactions_to(fact: Published) -> list[Owed]:
    """What the table of reactions owes this fact."""
    return [Owed(fact.workspace_id, fact.id, name_of(reaction)) for reaction in REACTIONS.get(fact.type, ())]


def by_a_rule(fact: Published) -> Owed:
    """What a fact is owed where the workspace has a rule for its type."""
    return Owed(fact.workspace_id, fact.id, name_of(BY_RULE))
