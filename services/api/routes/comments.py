"""Comments on sales, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.comments import actions, queries
from crm.comments.errors import CommentIsNotYours, CommentRemoved, CommentTooOld
from crm.comments.schemas import CommentCreate, CommentFilter, CommentRead, CommentUpdate
from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from services.api.deps import changes, reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

CommentReads = Annotated[Access, reads("opportunities")]
CommentWrites = Annotated[Access, writes("opportunities")]
CommentChanges = Annotated[Transaction, changes("opportunities")]

router = new_router(tags=["comments"])


@router.get("/comments", response_model=Page[CommentRead])
async def list_comments(access: CommentReads, wanted: Annotated[CommentFilter, Query()]) -> bytes:
    """What was said of the sales you see, newest first; of one with `opportunity_id`, to someone with `mentioning`."""
    return await queries.page(access, wanted)


@router.post("/comments", status_code=201, response_model=CommentRead, responses=problems(AlreadyExists))
async def create_comment(tx: CommentChanges, new: CommentCreate) -> Answer:
    """Say something about a sale. Whom you mention is told, once, and must see the sale: add collaborators for that."""
    return await actions.create(tx, new)


@router.get("/comments/{comment_id}", response_model=CommentRead)
async def get_comment(access: CommentReads, comment_id: UUID) -> Answer:
    """One comment."""
    return await queries.get(access, comment_id)


@router.patch(
    "/comments/{comment_id}",
    response_model=CommentRead,
    responses=problems(CommentIsNotYours, CommentRemoved, CommentTooOld),
)
async def update_comment(tx: CommentChanges, comment_id: UUID, change: CommentUpdate) -> Answer:
    """Change your own comment, within a day. Whoever is mentioned only now is told; the others are not told again."""
    return await actions.update(tx, comment_id, change)


@router.post("/comments/{comment_id}/remove", response_model=CommentRead, responses=problems(CommentIsNotYours))
async def remove_comment(access: CommentWrites, comment_id: UUID) -> Answer:
    """Take your own comment back; whoever leads may take any. Its words go; that there was one stays."""
    return await actions.remove(access, comment_id)
