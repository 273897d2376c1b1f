"""Many customers at once, each by itself."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from crm.batching import ItemProblem, Items
from crm.customers import actions, duplicates
from crm.customers.schemas import CustomerCreate, CustomerRead, CustomerUpdate
from crm.database import Transaction
from crm.fields import Sent, Shown, like
from crm.nouns import Answer

CHANGE = "change"


class CustomerBatch(Sent):
    """Customers to add and to change."""

    model_config = like(
        items=[
            {"name": "重庆长安汽车股份有限公司", "phone": "023 6759 1949"},
            {"id": "01a1fcb0-3a00-7000-8000-000000000001", "version": 3, "change": {"custom": {"price_list": "A"}}},
        ]
    )

    items: Annotated[
        Items,
        Field(
            description="Each either what `POST /v1/customers` takes, or `id` and `change` (what `PATCH` takes) and, "
            "if you want, the `version` that you know."
        ),
    ]


class _Change(Sent):
    id: UUID
    version: Annotated[int, Field(ge=1)] | None = None
    change: CustomerUpdate


class CustomerLine(Shown):
    """What became of an item: 201 or 200 with the customer, or else the problem."""

    status: int
    item: CustomerRead | None
    problem: ItemProblem | None


class CustomerBatchRead(Shown):
    """What became of each item, in their order."""

    data: list[CustomerLine]


async def take(tx: Transaction, item: Mapping[str, Any]) -> tuple[int, Answer]:
    """Change a customer, or add one who is not there yet. Raises what the single requests do, ``ValidationError``."""
    if CHANGE in item:
        return await _changed(tx, item)
    return 201, await duplicates.create(tx, CustomerCreate.model_validate(item))


async def take_any(tx: Transaction, item: Mapping[str, Any]) -> tuple[int, Answer]:
    """The same, where one who looks like another is added too."""
    if CHANGE in item:
        return await _changed(tx, item)
    return 201, await actions.create(tx, CustomerCreate.model_validate(item))


async def _changed(tx: Transaction, item: Mapping[str, Any]) -> tuple[int, Answer]:
    wanted = _Change.model_validate(item)
    return 200, await actions.update(tx.expecting(wanted.version), wanted.id, wanted.change)
