"""Facts that come late: who is meant by now, when customers were merged or parted since.

A merge locks both customers before it moves anything. So whoever holds a customer, and then still finds the row under
it, knows that no merge takes the row away until the transaction ends.
"""

from uuid import UUID

import asyncpg

from crm.care import queries
from crm.database import Statement, Transaction


async def hold(tx: Transaction, row: Statement, **values: UUID) -> asyncpg.Record | None:
    """A row with its ``customer_id``, and that customer locked: whose it is now, it stays. None for no such row."""
    found = await tx.row(row, **values)
    while found is not None:
        await queries.locked(tx, found["customer_id"])
        again = await tx.row(row, **values)
        if again is None or again["customer_id"] == found["customer_id"]:
            return again
        found = again
    return None
