"""What reminders do about facts: they go with the clocks of whom they are for."""

from crm.database import Transaction
from crm.events.reacting import Fact
from crm.reminders.following import follow_zones


async def follow_person(tx: Transaction, fact: Fact) -> None:
    """Somebody lives in another zone now."""
    if "timezone" in (fact.changes or {}):
        await follow_zones(tx, fact.subject_id)


async def follow_workspace(tx: Transaction, _: Fact) -> None:
    """The workspace has another zone: so have all who have none of their own."""
    await follow_zones(tx, None)
