"""What notes do about facts. The worker calls each inside the fact's workspace, once in effect."""

from crm.database import Transaction
from crm.events.reacting import Fact
from crm.notes import events
from crm.notes.following import follow_subject
from crm.notes.queries import NOTE


async def follow(tx: Transaction, fact: Fact) -> None:
    """A sale or a complaint has found its customer, or another one: the notes on it belong there from now on."""
    await follow_subject(tx, fact, NOTE, events.UPDATED)
