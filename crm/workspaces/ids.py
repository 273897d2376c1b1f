"""Ids that must be known before their row is written, because a secret names them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from crm.database import Access, statement


async def new_id(access: Access) -> UUID:
    """A UUIDv7, made where all others are: by Postgres."""
    made: UUID = await access.value(_new_id())
    return made


@statement
def _new_id() -> Select[Any]:
    return select(func.uuidv7())
