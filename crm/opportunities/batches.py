"""Many opportunities at once, each by itself."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from crm.batching import ItemProblem, Items
from crm.database import Transaction
from crm.fields import Sent, Shown, like
from crm.nouns import Answer
from crm.opportunities import actions
from crm.opportunities.schemas import OpportunityCreate, OpportunityRead, OpportunityUpdate

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
        Items,
        Field(
            description="Each either what `POST /v1/opportunities` takes, or `id` and `change` (what `PATCH` takes) "
            "and, if you want, the `version` that you know.",
        ),
    ]


class _Change(Sent):
    id: UUID
    version: Annotated[int, Field(ge=1)] | None = None
    change: OpportunityUpdate


class BatchLine(Shown):
    """What became of an item: 201 or 200 with the opportunity, or else the problem."""

    status: int
    item: OpportunityRead | None
    problem: ItemProblem | None


class OpportunityBatchRead(Shown):
    """What became of each item, in their order."""

    data: list[BatchLine]


async def take(tx: Transaction, item: Mapping[str, Any]) -> tuple[int, Answer]:
    """Change an opportunity, or add it. Raises what the single requests do, ``ValidationError``."""
    if CHANGE in item:
        wanted = _Change.model_validate(item)
        return 200, await actions.update(tx.expecting(wanted.version), wanted.id, wanted.change)
    return 201, await actions.create(tx, OpportunityCreate.model_validate(item))
