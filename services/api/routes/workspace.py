"""The workspace, over HTTP."""

from typing import Annotated

from crm.database import Access, Transaction
from crm.nouns import Answer
from crm.workspaces import actions, queries
from crm.workspaces.schemas import WorkspaceRead, WorkspaceUpdate
from services.api.deps import changes, reads
from services.api.routing import router as new_router

router = new_router(tags=["workspace"])

WorkspaceReads = Annotated[Access, reads("workspace")]
WorkspaceChanges = Annotated[Transaction, changes("workspace")]


@router.get("/workspace", response_model=WorkspaceRead)
async def get_workspace(access: WorkspaceReads) -> Answer:
    """Your workspace with the settings that hold there, defaults included."""
    return await queries.get_workspace(access)


@router.patch("/workspace", response_model=WorkspaceRead)
async def update_workspace(tx: WorkspaceChanges, change: WorkspaceUpdate) -> Answer:
    """Change what you send and nothing else. In `settings`, too: null brings a default back.

    A new time zone moves what is planned by the clock: it is planned again by the new one.
    """
    return await actions.update_workspace(tx, change)
