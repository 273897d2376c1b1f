"""Everything that changes products."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, func

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.products import events
from crm.products.errors import ProductArchived, ProductCodeTaken
from crm.products.models import ONE_PRODUCT_PER_CODE, products
from crm.products.queries import PRODUCT
from crm.products.schemas import ProductCreate, ProductUpdate
from crm.recording import changing, creating, explain, record, renamed

TAKEN = {ONE_PRODUCT_PER_CODE: ProductCodeTaken}


async def create(access: Access, new: ProductCreate) -> Answer:
    """Add a product. Raises ``ProductCodeTaken``, ``AlreadyExists``."""
    values = _columns(new.model_dump(exclude_none=True))
    made = await record(access, events.CREATED, _create(frozenset(values)), refusals=TAKEN, **renamed(values))
    if made is None:
        raise Unavailable
    return made


async def update(access: Access, product_id: UUID, change: ProductUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``ProductArchived``, ``ProductCodeTaken``."""
    values = _columns(change.model_dump(exclude_unset=True))
    wanted = _update(frozenset(values))
    changed = await record(access, events.UPDATED, wanted, refusals=TAKEN, id=product_id, **renamed(values))
    if changed is not None:
        return changed
    answer = await explain(access, PRODUCT, product_id)
    if orjson.loads(answer.body)["archived_at"] is not None:
        raise ProductArchived
    return answer


async def archive(access: Access, product_id: UUID) -> Answer:
    """Put a product aside; what was sold of it stays. Archiving twice is archiving once. Raises ``NotFound``."""
    archived = await record(access, events.ARCHIVED, _archive(), id=product_id)
    return archived or await explain(access, PRODUCT, product_id)


async def restore(access: Access, product_id: UUID) -> Answer:
    """Bring an archived product back. Raises ``NotFound``, ``ProductCodeTaken``."""
    restored = await record(access, events.RESTORED, _restore(), refusals=TAKEN, id=product_id)
    return restored or await explain(access, PRODUCT, product_id)


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as the columns that keep it: money takes two."""
    if "price" in values:
        sent = values["price"] or {"amount": None, "currency": None}
        values["price"] = None if sent["amount"] is None else Decimal(sent["amount"])
        values["currency"] = sent["currency"]
    return values


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(PRODUCT, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(PRODUCT, Sight.ALL, columns, products.c.archived_at.is_(None))


@statement
def _archive() -> Insert:
    return changing(PRODUCT, Sight.ALL, (), products.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore() -> Insert:
    return changing(PRODUCT, Sight.ALL, (), products.c.archived_at.is_not(None), values={"archived_at": None})
