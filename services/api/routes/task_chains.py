"""Chains of tasks, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.customers.queries import CUSTOMER
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.task_chains import actions, queries, starting
from crm.task_chains.errors import ChainArchived
from crm.task_chains.schemas import (
    TaskChainCreate,
    TaskChainFilter,
    TaskChainRead,
    TaskChainStart,
    TaskChainStarted,
    TaskChainUpdate,
)
from crm.task_rules.subjects import SUBJECTS
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

ChainReads = Annotated[Access, reads("task_rules")]
ChainWrites = Annotated[Access, writes("task_rules")]
TaskChanges = Annotated[Transaction, changes("tasks")]

router = new_router(tags=["task_rules"])


@router.get("/task-chains", response_model=Page[TaskChainRead])
async def list_task_chains(access: ChainReads, wanted: Annotated[TaskChainFilter, Query()]) -> bytes:
    """Templates of several tasks that belong together."""
    return await queries.page(access, wanted)


@router.post("/task-chains", status_code=201, response_model=TaskChainRead, responses=problems(AlreadyExists))
async def create_task_chain(access: ChainWrites, new: TaskChainCreate) -> Answer:
    """Add a chain: each task so many days after the start, or after the one before it was done."""
    return await actions.create(access, new)


@router.get("/task-chains/{chain_id}", response_model=TaskChainRead)
async def get_task_chain(access: ChainReads, chain_id: UUID) -> Answer:
    """One chain."""
    return await queries.get(access, chain_id)


@router.patch("/task-chains/{chain_id}", response_model=TaskChainRead, responses=problems(ChainArchived))
async def update_task_chain(access: ChainWrites, chain_id: UUID, change: TaskChainUpdate) -> Answer:
    """Change what you send and nothing else. What runs already goes on by the new steps."""
    return await actions.update(access, chain_id, change)


@router.post("/task-chains/{chain_id}/archive", response_model=TaskChainRead)
async def archive_task_chain(access: ChainWrites, chain_id: UUID) -> Answer:
    """Put a chain aside. Tasks that it has made stay; no further ones follow."""
    return await actions.archive(access, chain_id)


@router.post("/task-chains/{chain_id}/restore", response_model=TaskChainRead)
async def restore_task_chain(access: ChainWrites, chain_id: UUID) -> Answer:
    """Bring an archived chain back."""
    return await actions.restore(access, chain_id)


@router.post("/task-chains/start", response_model=TaskChainStarted, responses=problems(ChainArchived))
async def start_task_chain(tx: TaskChanges, wanted: TaskChainStart) -> bytes:
    """Start a chain about a customer, a contact or a visit: the tasks that begin with it, each with its day.

    The others follow by themselves when the one before is done; one that is cancelled has nothing after it.
    """
    return await starting.start(tx, wanted, SUBJECTS[wanted.subject.type], CUSTOMER)
