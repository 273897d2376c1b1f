"""What crosses the boundary: an export as it is asked for, and as it is shown."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from crm.exports.vocabulary import AskedBy, Exported, Format, State
from crm.fields import Sent, Shown, like
from crm.paging import Filter


class ExportCreate(Sent):
    """Which list, as what kind of file."""

    model_config = like(noun="customers", format="csv", filters={"region": ["West"], "class": ["key"]}, bom=True)

    noun: Exported
    format: Format = Field(default="csv", description="`vcard` is for contacts.")
    filters: dict[str, Any] = Field(
        default_factory=dict, description="The same filters as the list's query has, `custom.<key>` too."
    )
    bom: bool = Field(default=False, description="Begin a CSV file with a byte order mark, which Excel wants.")


class AskerShown(Shown):
    """Who asked, and with whose eyes the list is read."""

    kind: AskedBy
    id: UUID


class ExportRead(Shown):
    """A list being written to a file, or written."""

    id: UUID
    noun: Exported
    format: Format
    filters: dict[str, Any]
    bom: bool
    state: State
    failure: str | None
    rows: int | None = Field(description="How many rows the file has, once it is done.")
    rows_done: int
    created_by: AskerShown
    finished_at: datetime | None
    expires_at: datetime | None = Field(description="When the file is deleted.")
    withdrawn_at: datetime | None = Field(
        description="When the file was taken back before its time, because a person who may be in it was erased."
    )
    created_at: datetime
    updated_at: datetime
    version: int


class ExportFilter(Filter):
    """Which exports, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    noun: list[Exported] | None = None
    state: list[State] | None = None
