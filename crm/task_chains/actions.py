"""Everything that people change of chains. Each change is one statement with its fact."""

from uuid import UUID

import orjson
from sqlalchemy import Insert, func, null

from crm.actor import Sight
from crm.database import Access, statement
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.task_chains import events
from crm.task_chains.errors import ChainArchived
from crm.task_chains.queries import TASK_CHAIN
from crm.task_chains.schemas import TaskChainCreate, TaskChainUpdate
from crm.tasks.origins import task_chains


async def create(access: Access, new: TaskChainCreate) -> Answer:
    """Add a chain. Raises ``AlreadyExists``."""
    values = new.model_dump(exclude_none=True) | {"steps": [step.model_dump() for step in new.steps]}
    created = await record(access, events.CREATED, _create(frozenset(values)), **renamed(values))
    if created is None:
        raise LookupError("an insert without a condition gave no row")
    return created


async def update(access: Access, chain_id: UUID, change: TaskChainUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``ChainArchived``."""
    values = change.model_dump(exclude_unset=True)
    if "steps" in values:
        # Whole, with what was left to us.
        values["steps"] = [step.model_dump() for step in change.steps]
    changed = await record(access, events.UPDATED, _change(frozenset(values)), id=chain_id, **renamed(values))
    if changed is not None:
        return changed
    answer = await explain(access, TASK_CHAIN, chain_id)
    if orjson.loads(answer.body)["archived_at"] is not None:
        raise ChainArchived
    return answer


async def archive(access: Access, chain_id: UUID) -> Answer:
    """Put a chain aside: it starts nothing any more, and what it started does not go on. Twice is once."""
    archived = await record(access, events.ARCHIVED, _archive(), id=chain_id)
    return archived or await explain(access, TASK_CHAIN, chain_id)


async def restore(access: Access, chain_id: UUID) -> Answer:
    """Bring an archived chain back."""
    restored = await record(access, events.RESTORED, _restore(), id=chain_id)
    return restored or await explain(access, TASK_CHAIN, chain_id)


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(TASK_CHAIN, columns)


@statement
def _change(columns: frozenset[str]) -> Insert:
    return changing(TASK_CHAIN, Sight.ALL, columns, task_chains.c.archived_at.is_(None))


@statement
def _archive() -> Insert:
    there = task_chains.c.archived_at.is_(None)
    return changing(TASK_CHAIN, Sight.ALL, (), there, values={"archived_at": func.now()})


@statement
def _restore() -> Insert:
    gone = task_chains.c.archived_at.is_not(None)
    return changing(TASK_CHAIN, Sight.ALL, (), gone, values={"archived_at": null()})
