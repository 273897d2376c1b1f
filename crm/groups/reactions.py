"""What groups do about facts: the leaders of key companies. The worker calls each inside the fact's workspace."""

from collections.abc import Sequence
from uuid import UUID

from crm.database import Transaction
from crm.events.reacting import Fact
from crm.groups import leaders

DECIDES = frozenset({"class", "kind", "owner_id"})
OF_A_PERSON = frozenset({"archived_at", "name"})
OF_A_CONTACT = frozenset({"level", "name"})


async def ask_for_leaders(tx: Transaction, fact: Fact) -> None:
    """A contact, or a link to a person, came, went or changed: is everyone who leads the company known?"""
    if fact.customer_id is None:
        return
    concerns_leaders = fact.subject_type != "contact" or fact.payload.get("level") == "top"
    if concerns_leaders or OF_A_CONTACT & (fact.changes or {}).keys():
        await leaders.settle(tx, fact.customer_id)


async def look_for_leaders(tx: Transaction, fact: Fact) -> None:
    """A customer became a key company, ceased to be one, or was given to somebody else; or a leader came or went.

    Part of what care does about customers: a reaction of its own would double the work that an import makes.
    """
    await look_for_all_leaders(tx, [fact])


async def look_for_all_leaders(tx: Transaction, facts: Sequence[Fact]) -> None:
    """The same of many facts of one workspace, whose customers are locked."""
    concerned = []
    for fact in facts:
        changes = (fact.changes or {}).keys()
        if fact.payload.get("kind") == "person" and OF_A_PERSON & changes:
            for company_id in await leaders.companies_of(tx, fact.subject_id):
                await leaders.settle(tx, company_id)
        came_or_went = fact.changes is None or "archived_at" in changes
        if (came_or_went and fact.payload.get("class") == "key") or DECIDES & changes:
            concerned.append(fact.subject_id)
    if len(concerned) == 1:
        await leaders.settle(tx, concerned[0])
    elif concerned:
        await leaders.settle_all(tx, concerned)


async def settle_leaders(tx: Transaction, customer_id: UUID) -> None:
    """Customers were merged or parted: is everyone known who leads the company, or the companies this person leads?"""
    for company_id in [customer_id, *await leaders.companies_of(tx, customer_id)]:
        await leaders.settle(tx, company_id)
