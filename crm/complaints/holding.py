"""Whoever changes a complaint and what is its customer's holds the customer first, as a merge does.

The other way round each would wait for the other, until Postgres gives up one of them.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.complaints.models import complaints
from crm.customers.models import customers
from crm.database import Transaction, statement


async def hold_customers(tx: Transaction, complaint_id: UUID, *others: UUID) -> None:
    """Nobody merges the customer of this complaint, nor one of the others, until the end of the transaction."""
    await tx.rows(_hold(), id=complaint_id, others=list(others))


@statement
def _hold() -> Select[Any]:
    c, k = complaints.c, customers.c
    home = bindparam("workspace_id", type_=Uuid)
    whose = select(c.customer_id).where(c.workspace_id == home, c.id == bindparam("id", type_=Uuid))
    these = or_(k.id == whose.scalar_subquery(), k.id == any_(bindparam("others", type_=ARRAY(Uuid))))
    return select(k.id).where(k.workspace_id == home, these).order_by(k.id).with_for_update(read=True, key_share=True)
