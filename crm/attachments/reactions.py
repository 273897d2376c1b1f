"""What files do about facts. The worker calls each inside the fact's workspace, once in effect."""

from crm.attachments import events
from crm.attachments.queries import ATTACHMENT
from crm.database import Transaction
from crm.events.reacting import Fact
from crm.notes.following import follow_subject


async def follow(tx: Transaction, fact: Fact) -> None:
    """A sale or a complaint has found its customer, or another one: the files on it belong there from now on."""
    await follow_subject(tx, fact, ATTACHMENT, events.UPDATED)
