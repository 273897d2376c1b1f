"""Fields that a workspace defines for itself, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.database import Access
from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces import custom_fields
from crm.workspaces.custom_schemas import CustomFieldCreate, CustomFieldFilter, CustomFieldRead, CustomFieldUpdate
from crm.workspaces.errors import CustomFieldArchived, CustomFieldTaken
from services.api.deps import reads, writes
from services.api.problems import problems
from services.api.routing import router as new_router

CustomFieldReads = Annotated[Access, reads("workspace")]
CustomFieldWrites = Annotated[Access, writes("workspace")]

router = new_router(tags=["custom_fields"])


@router.get("/custom-fields", response_model=Page[CustomFieldRead])
async def list_custom_fields(access: CustomFieldReads, wanted: Annotated[CustomFieldFilter, Query()]) -> bytes:
    """The fields of your own, by key. Where a noun has any, its `custom` takes these and no others."""
    return await custom_fields.page(access, wanted)


@router.post(
    "/custom-fields",
    status_code=201,
    response_model=CustomFieldRead,
    responses=problems(CustomFieldTaken, AlreadyExists),
)
async def create_custom_field(access: CustomFieldWrites, new: CustomFieldCreate) -> Answer:
    """Define a field. Records that are there already stay as they are until they are changed."""
    return await custom_fields.create(access, new)


@router.get("/custom-fields/{field_id}", response_model=CustomFieldRead)
async def get_custom_field(access: CustomFieldReads, field_id: UUID) -> Answer:
    """One field."""
    return await custom_fields.get(access, field_id)


@router.patch("/custom-fields/{field_id}", response_model=CustomFieldRead, responses=problems(CustomFieldArchived))
async def update_custom_field(access: CustomFieldWrites, field_id: UUID, change: CustomFieldUpdate) -> Answer:
    """Change a field's labels, its options, or whether it is required."""
    return await custom_fields.update(access, field_id, change)


@router.post("/custom-fields/{field_id}/archive", response_model=CustomFieldRead)
async def archive_custom_field(access: CustomFieldWrites, field_id: UUID) -> Answer:
    """Put a field aside. Its values stay where they are; its key stays taken."""
    return await custom_fields.archive(access, field_id)


@router.post("/custom-fields/{field_id}/restore", response_model=CustomFieldRead)
async def restore_custom_field(access: CustomFieldWrites, field_id: UUID) -> Answer:
    """Bring an archived field back."""
    return await custom_fields.restore(access, field_id)
