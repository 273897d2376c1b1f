"""Products, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.products import actions, queries
from crm.products.errors import ProductArchived, ProductCodeTaken
from crm.products.schemas import ProductCreate, ProductFilter, ProductRead, ProductUpdate
from crm.recording import AlreadyExists
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ProductReads = Annotated[Access, reads("products")]
ProductWrites = Annotated[Access, writes("products")]

router = new_router(tags=["products"])


@router.get("/products", response_model=Page[ProductRead])
async def list_products(access: ProductReads, wanted: Annotated[ProductFilter, Query()]) -> bytes:
    """What you sell. `known_as` finds a product by its name or any other spelling of it."""
    return await queries.page(access, wanted)


@router.post(
    "/products", status_code=201, response_model=ProductRead, responses=problems(ProductCodeTaken, AlreadyExists)
)
async def create_product(access: ProductWrites, new: ProductCreate) -> Answer:
    """Add a product, with the other spellings by which people and systems know it."""
    return await actions.create(access, new)


@router.get("/products/{product_id}", response_model=ProductRead)
async def get_product(access: ProductReads, product_id: UUID) -> Answer:
    """One product."""
    return await queries.get(access, product_id)


@router.patch(
    "/products/{product_id}", response_model=ProductRead, responses=problems(ProductArchived, ProductCodeTaken)
)
async def update_product(access: ProductWrites, product_id: UUID, change: ProductUpdate) -> Answer:
    """Change a product. What is in opportunities already keeps its price."""
    return await actions.update(access, product_id, change)


@router.post("/products/{product_id}/archive", response_model=ProductRead)
async def archive_product(access: ProductWrites, product_id: UUID) -> Answer:
    """Put a product aside: nothing new is sold of it."""
    return await actions.archive(access, product_id)


@router.post("/products/{product_id}/restore", response_model=ProductRead, responses=problems(ProductCodeTaken))
async def restore_product(access: ProductWrites, product_id: UUID) -> Answer:
    """Bring an archived product back."""
    return await actions.restore(access, product_id)
