"""Many customers at once, over HTTP."""

from typing import Annotated

import orjson
from fastapi import Query, Request

from crm.batching import Outcome, carry_out
from crm.customers.batches import CustomerBatch, CustomerBatchRead, take, take_any
from crm.database import Transaction
from services.api.deps import changes
from services.api.layers.deadlines import patient
from services.api.problems import content, in_chinese
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
    chinese = in_chinese(request.headers.get("accept-language", ""))
    outcomes = await carry_out(tx, wanted.items, take_any if allow_duplicates else take)
    return b'{"data":[%b]}' % b",".join(_line(one, chinese=chinese) for one in outcomes)


def _line(outcome: Outcome, *, chinese: bool) -> bytes:
    item = b"null" if outcome.answer is None else outcome.answer.body.encode()
    problem = None if outcome.problem is None else content(outcome.problem, chinese=chinese)
    return b'{"status":%d,"item":%b,"problem":%b}' % (outcome.status, item, orjson.dumps(problem, default=str))
