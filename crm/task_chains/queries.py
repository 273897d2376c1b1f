"""How a chain looks, and everything that reads chains."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, bindparam, select, true

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun
from crm.reading import Listing
from crm.tables import stamps, utc
from crm.task_chains.schemas import TaskChainFilter
from crm.tasks.origins import task_chains


def shape(chain: FromClause) -> Select[Any]:
    """A chain, once: the answer and the event."""
    c = chain.c
    return select(c.id, c.name, c.steps, utc(c.archived_at).label("archived_at"), *stamps(chain)).select_from(chain)


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone may start one."""
    return true()


TASK_CHAIN = Noun("task_chain", task_chains, shape, visible, customer=None)

LIST = Listing(
    TASK_CHAIN,
    sorts={"name": task_chains.c.name, "created_at": task_chains.c.created_at},
    filters={"archived": task_chains.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean)},
)


async def get(access: Access, chain_id: UUID) -> Answer:
    """One chain. Raises ``NotFound``."""
    return await reading.one(access, TASK_CHAIN, chain_id)


async def page(access: Access, wanted: TaskChainFilter) -> bytes:
    """A page of chains, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
