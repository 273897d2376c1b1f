"""Tables of products."""

from sqlalchemy import CheckConstraint, Column, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from crm.tables import moment, newest_first, noun

ONE_PRODUCT_PER_CODE = "one_product_per_code"

products = noun(
    "products",
    Column("name", Text, nullable=False),
    Column("code", Text(collation="C")),
    Column("family", Text),
    # Other spellings that imports and people use of it.
    Column("aliases", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("price", Numeric(18, 2)),
    Column("currency", Text),
    Column("note", Text),
    moment("archived_at"),
    CheckConstraint("(price IS NULL) = (currency IS NULL)", name="price"),
    CheckConstraint("price >= 0", name="price_is_not_negative"),
)
newest_first(products)
Index(
    ONE_PRODUCT_PER_CODE,
    products.c.workspace_id,
    products.c.code,
    unique=True,
    postgresql_where=products.c.code.is_not(None) & products.c.archived_at.is_(None),
)
