"""Many opportunities at once, each by itself: what cannot be taken says why, and keeps nothing else from landing."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from pydantic import ConfigDict, Field, ValidationError

from crm.database import Transaction
from crm.errors import FieldError, Problem, Unprocessable
from crm.fields import Sent, Shown, like
from crm.nouns import Answer
from crm.opportunities import actions
from crm.opportunities.schemas import OpportunityCreate, OpportunityRead, OpportunityUpdate

MOST = 500
CHANGE = "change"


class OpportunityBatch(Sent):
    """Opportunities to add and to change."""

    model_config = like(
        items=[
            {"customer_id": "01a1fcb0-3a00-7000-8000-000000000001", "name": "Two filling lines"},
            {
                "id": "01a1fcb0-3a00-7000-8000-000000000007",
                "version": 3,
                "change": {"next_step": "Call the CFO", "next_step_on": "2026-11-30"},
            },
        ]
    )

    items: Annotated[
        list[dict[str, Any]],
        Field(
            min_length=1,
            max_length=MOST,
            description="Each either what `POST /v1/opportunities` takes, or `id` and `change` (what `PATCH` takes) "
            "and, if you want, the `version` that you know.",
        ),
    ]


class _Change(Sent):
    id: UUID
    version: Annotated[int, Field(ge=1)] | None = None
    change: OpportunityUpdate


class BatchProblem(Shown):
    """Why an item was not taken, as the single request would have said it; pointers are into the item."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    code: str


class BatchLine(Shown):
    """What became of an item: 201 or 200 with the opportunity, or else the problem."""

    status: int
    item: OpportunityRead | None
    problem: BatchProblem | None


class OpportunityBatchRead(Shown):
    """What became of each item, in their order."""

    data: list[BatchLine]


class Outcome(NamedTuple):
    """What became of an item: the opportunity as it is now, or why not."""

    status: int
    answer: Answer | None
    problem: Problem | None


async def carry_out(tx: Transaction, items: Sequence[Mapping[str, Any]]) -> list[Outcome]:
    """Add or change each of these in their order; one that fails undoes only itself."""
    return [await _carried_out(tx, item) for item in items]


async def _carried_out(tx: Transaction, item: Mapping[str, Any]) -> Outcome:
    try:
        async with tx.attempt():
            if CHANGE in item:
                wanted = _Change.model_validate(item)
                return Outcome(200, await actions.update(tx.expecting(wanted.version), wanted.id, wanted.change), None)
            return Outcome(201, await actions.create(tx, OpportunityCreate.model_validate(item)), None)
    except ValidationError as error:
        problem: Problem = Unprocessable(errors=tuple(_errors(error)))
    except Problem as refused:
        problem = refused
    return Outcome(problem.status, None, problem)


def _errors(error: ValidationError) -> Sequence[FieldError]:
    return [
        FieldError(
            "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in found["loc"]),
            found["msg"].removeprefix("Value error, "),
            found["type"],
        )
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]
