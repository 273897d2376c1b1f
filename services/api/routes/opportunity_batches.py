"""Many opportunities at once, over HTTP."""

from typing import Annotated

import orjson
from fastapi import Request

from crm.database import Transaction
from crm.opportunities import batches
from crm.opportunities.batches import OpportunityBatch, OpportunityBatchRead, Outcome
from services.api.deps import changes
from services.api.layers.deadlines import patient
from services.api.problems import content, in_chinese
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
    chinese = in_chinese(request.headers.get("accept-language", ""))
    lines = [_line(one, chinese=chinese) for one in await batches.carry_out(tx, wanted.items)]
    return b'{"data":[%b]}' % b",".join(lines)


def _line(outcome: Outcome, *, chinese: bool) -> bytes:
    item = b"null" if outcome.answer is None else outcome.answer.body.encode()
    problem = None if outcome.problem is None else content(outcome.problem, chinese=chinese)
    return b'{"status":%d,"item":%b,"problem":%b}' % (outcome.status, item, orjson.dumps(problem, default=str))
