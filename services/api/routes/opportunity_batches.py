"""Many opportunities at once, over HTTP."""

from typing import Annotated

from fastapi import Request

from crm.batching import carry_out
from crm.database import Transaction
from crm.opportunities.batches import OpportunityBatch, OpportunityBatchRead, take
from services.api.batches import lines
from services.api.deps import changes
from services.api.layers.deadlines import patient
from services.api.routing import router as new_router

OpportunityChanges = Annotated[Transaction, changes("opportunities")]

router = new_router(tags=["opportunities"])


@router.post("/opportunities/batch", response_model=OpportunityBatchRead)
@patient(15)
async def write_opportunities(request: Request, tx: OpportunityChanges, wanted: OpportunityBatch) -> bytes:
    """Add and change up to 500 opportunities, each answered on its own, in their order.

    What cannot be taken says why in its place, with the status that a request of its own would have had, and keeps
    nothing else from landing. An item sees what those before it did. Thousands are better brought in by an import.
    """
    return lines(request, await carry_out(tx, wanted.items, take))
