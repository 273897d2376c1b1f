"""Many customers at once, over HTTP."""

from typing import Annotated

from fastapi import Query, Request

from crm.batching import carry_out
from crm.customers.batches import CustomerBatch, CustomerBatchRead, take, take_any
from crm.database import Transaction
from services.api.batches import lines
from services.api.deps import changes
from services.api.layers.deadlines import patient
from services.api.routing import router as new_router

CustomerChanges = Annotated[Transaction, changes("customers")]
Allowed = Annotated[bool, Query(description="Add also those that look like one that is there.")]

router = new_router(tags=["customers"])


@router.post("/customers/batch", response_model=CustomerBatchRead)
@patient(15)
async def write_customers(
    request: Request, tx: CustomerChanges, wanted: CustomerBatch, allow_duplicates: Allowed = False
) -> bytes:
    """Add and change up to 500 customers, each answered on its own, in their order.

    What cannot be taken says why in its place, with the status that a request of its own would have had, and keeps
    nothing else from landing. An item sees what those before it did, so that two who are alike are one added and one
    told (409). Thousands are better brought in by an import.
    """
    return lines(request, await carry_out(tx, wanted.items, take_any if allow_duplicates else take))
