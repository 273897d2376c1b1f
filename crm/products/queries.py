"""How a product looks, and everything that reads products."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Text, any_, bindparam, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.customers.parts import money
from crm.database import Access
from crm.nouns import Answer, Noun
from crm.products.models import products
from crm.products.schemas import ProductFilter
from crm.reading import Listing, among
from crm.tables import stamps, utc


def shape(product: FromClause) -> Select[Any]:
    """A product, once: the answer and the event."""
    c = product.c
    return select(
        c.id,
        c.name,
        c.code,
        c.family,
        c.aliases,
        money(c.price, c.currency).label("price"),
        c.note,
        utc(c.archived_at).label("archived_at"),
        *stamps(product),
    ).select_from(product)


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone of a workspace sells the same things."""
    return true()


PRODUCT = Noun("product", products, shape, visible, customer=None)

_spellings = bindparam("known_as", type_=ARRAY(Text))
LIST = Listing(
    PRODUCT,
    sorts={"created_at": products.c.created_at, "name": products.c.name},
    filters={
        **among(products, ["code", "family"]),
        "known_as": (products.c.name == any_(_spellings)) | products.c.aliases.overlap(_spellings),
        "archived": products.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, product_id: UUID) -> Answer:
    """One product. Raises ``NotFound``."""
    return await reading.one(access, PRODUCT, product_id)


async def page(access: Access, wanted: ProductFilter) -> bytes:
    """A page of products, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
