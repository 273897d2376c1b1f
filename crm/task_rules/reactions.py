"""What follows a task that was closed: the next of its series, the next step of its chain."""

from crm.customers.queries import CUSTOMER
from crm.database import Transaction
from crm.events.reacting import Fact
from crm.task_chains.starting import when_done
from crm.task_series.going_on import when_closed


async def go_on_after(tx: Transaction, fact: Fact) -> None:
    """A task was done."""
    await when_closed(tx, fact)
    await when_done(tx, fact, CUSTOMER)


async def go_on_without(tx: Transaction, fact: Fact) -> None:
    """A task will not be done: its series goes on, its chain does not."""
    await when_closed(tx, fact)
