"""What crosses the boundary: an import as it is asked for, as it is shown, and what was wrong with its lines."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from crm.fields import Sent, Shown
from crm.imports.vocabulary import AskedBy, DateOrder, Kind, Reason, State
from crm.paging import MAX_PAGE, Filter


class CreatorShown(Shown):
    """Who asked for the import, and in whose name its customers are made."""

    kind: AskedBy
    id: UUID


class ImportRead(Shown):
    """A file being brought in, or brought in. Every line is in one of the four counts once it is done."""

    id: UUID
    kind: Kind
    file_name: str
    mapping: dict[str, str] = Field(description="Column → field, `custom.<key>` or `skip`.")
    defaults: dict[str, Any]
    values: dict[str, dict[str, str]] = Field(description="Column → cell → what it stands for.")
    match_by: str | None = Field(description="By what a line's customer is known; code, or else name, where null.")
    date_order: DateOrder | None = Field(description="How days are read that can be read in several ways.")
    state: State
    failure: str | None = Field(description="Why it could not go on, where it failed.")
    lines: int
    lines_done: int
    created_count: int
    updated_count: int
    unchanged_count: int = Field(description="Lines whose customer was there already, just as the line has it.")
    refused_count: int = Field(description="Lines that could not be taken; see its problems.")
    undone_count: int = Field(description="Customers who are again as they were before.")
    left_count: int = Field(description="Customers whom an undo left, at least in part; see its leftovers.")
    created_by: CreatorShown
    finished_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class ImportFilter(Filter):
    """Which imports, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    kind: list[Kind] | None = None
    state: list[State] | None = None


class LineError(Shown):
    """One thing that is wrong in a line."""

    pointer: str = Field(description="The column; empty where the line as a whole is meant.")
    message: str
    code: str


class ImportProblemRead(Shown):
    """What was wrong with a line. A line that was not refused has its customer, without what the problem is about."""

    line: int = Field(description="Where the line begins in the file; the heading is line 1.")
    refused: bool
    errors: list[LineError]
    content: dict[str, str] = Field(description="The line's cells by column, as they were read.")


class LeftoverRead(Shown):
    """A customer or an opportunity that an undo left as it is, or some of whose fields."""

    customer_id: UUID | None
    opportunity_id: UUID | None
    reason: Reason
    fields: list[str] = Field(description="The fields that were left; empty where all of it was.")


class LeftoverFilter(Sent):
    """Which part of the leftovers."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many items at most.")] = 50
    cursor: UUID | None = Field(default=None, description="Where the page before ended (`next_cursor`).")


class ProblemFilter(Sent):
    """Which part of the problems."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE, description="How many items at most.")] = 50
    cursor: Annotated[
        str | None,
        Field(pattern=r"^[0-9]{1,9}$", description="Where the page before ended (`next_cursor`)."),
    ] = None


class PreviewRow(Shown):
    """A line as it would be read."""

    line: int
    customer: dict[str, Any] | None = Field(description="The customer it would make; null where it would be refused.")
    parent: str | None = Field(description="The parent's name, looked up when the import runs.")
    owner: str | None = Field(description="Whose it is to be, by name or e-mail, looked up when the import runs.")
    opportunity: dict[str, Any] | None = Field(
        description="What the line says of an opportunity; whom and what it names is looked up when the import runs."
    )


class ImportPreview(Shown):
    """How a file would be read. Nothing has been stored."""

    encoding: Literal["utf-8", "gb18030"] | None = Field(description="Null for a workbook.")
    delimiter: Literal[",", ";", "\t"] | None
    lines: int
    mapping: dict[str, str] = Field(description="Column → field, `custom.<key>` or `skip`: a guess and your wishes.")
    fields: list[str] = Field(description="The fields that a column can fill, besides `custom.<key>` and `skip`.")
    rows: list[PreviewRow]
    problems: list[ImportProblemRead] = Field(description="The first problems, each naming its cell's column.")
    looked_at: int = Field(description="How many lines were looked at for problems and for what is found.")
    refused: int = Field(description="How many of them would be refused.")
    found: dict[str, dict[str, int]] = Field(
        description="Columns with few different cells → cell → in how many lines, the most frequent first: what "
        "`values` may map."
    )
