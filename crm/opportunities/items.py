"""What is to be sold: the items of an opportunity, whose sum is its amount."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, Insert, Select, Uuid, any_, bindparam, delete, insert, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.database import Transaction, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.nouns import Answer, this_one
from crm.opportunities import events
from crm.opportunities.guarding import as_it_is, workable
from crm.opportunities.models import opportunities, opportunity_items
from crm.opportunities.part_schemas import ItemSent, ItemsPut
from crm.opportunities.queries import OPPORTUNITY
from crm.products.models import products
from crm.recording import changing, record

CENT = Decimal("0.01")
MOST = Decimal("1e16")
COLUMNS = ("opportunity_id", "place", "product_id", "name", "quantity", "price", "discount", "amount")


def amount_of(quantity: Decimal, price: Decimal, discount: Decimal) -> Decimal:
    """Quantity × price less the discount, rounded half up to cents, once."""
    return (quantity * price * (1 - discount)).quantize(CENT, ROUND_HALF_UP)


async def put(tx: Transaction, opportunity_id: UUID, wanted: ItemsPut) -> Answer:
    """Make these the items, and their sum the amount; without any, the amount stays and is free again.

    Raises ``NotFound``, ``Stale``, ``OpportunityClosed``, ``OpportunityArchived``, 422 for a product that is not there.
    """
    if await tx.value(_lock(tx.actor.sight), id=opportunity_id) is None:
        return await as_it_is(tx, opportunity_id)
    await as_it_is(tx, opportunity_id)
    items = await _items(tx, wanted)
    amount = sum((one["amount"] for one in items), Decimal(0))
    if amount >= MOST:
        raise invalid("items", "The sum is too large.", "too_large")
    # The items first: what the opportunity's fact shows of them must be there when it is written.
    await tx.rows(_remove(), id=opportunity_id)
    rows = [
        {f"new_{name}": value for name, value in (one | {"opportunity_id": opportunity_id, "place": place}).items()}
        for place, one in enumerate(items, start=1)
    ]
    if rows:
        await tx.many(_add(), rows)
    values: dict[str, Any] = {"new_amount": amount, "new_currency": wanted.currency} if items else {}
    changed = await record(
        tx, events.AMOUNT_CHANGED if items else events.UPDATED, _note(bool(items)), id=opportunity_id, **values
    )
    return changed or await as_it_is(tx, opportunity_id)


async def _items(tx: Transaction, wanted: ItemsPut) -> list[dict[str, Any]]:
    """The items with what their products say of them. Raises 422 naming each that cannot be."""
    ids = [item.product_id for item in wanted.items if item.product_id is not None]
    known = {row["id"]: row for row in await tx.rows(_products(), ids=ids)} if ids else {}
    errors = tuple(
        FieldError(f"#/items/{place}/{field}", message, code)
        for place, item in enumerate(wanted.items)
        if item.product_id is not None
        for field, message, code in _wrong(item, known.get(item.product_id), wanted.currency)
    )
    if errors:
        raise Unprocessable(errors=errors)
    return [_item(item, known.get(item.product_id) if item.product_id else None) for item in wanted.items]


def _wrong(item: ItemSent, product: Any, currency: str) -> Sequence[tuple[str, str, str]]:
    if product is None:
        return [("product_id", "There is no such product.", "not_found")]
    if item.price is None and product["currency"] != currency:
        return [("price", f"The product has no price in {currency}.", "required")]
    return []


def _item(item: ItemSent, product: Any) -> dict[str, Any]:
    price = item.price if item.price is not None else product["price"]
    return {
        "product_id": item.product_id,
        "name": item.name or product["name"],
        "quantity": item.quantity,
        "price": price,
        "discount": item.discount,
        "amount": amount_of(item.quantity, price, item.discount),
    }


@statement
def _lock(sight: Sight) -> Select[Any]:
    return select(opportunities.c.id).where(this_one(OPPORTUNITY, sight)).with_for_update()


@statement
def _products() -> Select[Any]:
    c = products.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    these = c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return select(c.id, c.name, c.price, c.currency).where(at_home, these, c.archived_at.is_(None))


@statement
def _remove() -> Delete:
    c = opportunity_items.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return delete(opportunity_items).where(at_home, c.opportunity_id == bindparam("id", type_=Uuid))


@statement
def _add() -> Insert:
    home = {"workspace_id": bindparam("workspace_id", type_=Uuid)}
    new = {name: bindparam(f"new_{name}", type_=opportunity_items.c[name].type) for name in COLUMNS}
    return insert(opportunity_items).values(home | new)


@statement
def _note(has_items: bool) -> Insert:
    columns = ("amount", "currency") if has_items else ()
    values = {"items_changed": opportunities.c.items_changed + 1}
    return changing(OPPORTUNITY, Sight.ALL, columns, *workable(), values=values)
