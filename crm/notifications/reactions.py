"""What notifications do about facts."""

from crm.database import Transaction
from crm.events.reacting import Fact
from crm.notifications import escalating


async def look_again(tx: Transaction, fact: Fact) -> None:
    """A calendar or the settings changed: what is ignored may have been for long enough, or not yet."""
    if fact.subject_type != "workspace" or "settings" in (fact.changes or {}):
        await escalating.look_again(tx)
