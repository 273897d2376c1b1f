"""What crosses the boundary: a chain as it is sent and shown, and starting it."""

import re
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from crm.fields import Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.tasks.schemas import TaskRead, TaskSubjectSent
from crm.tasks.vocabulary import Kind

Unit = Literal["working_days", "days"]
After = Literal["start", "previous"]


PLACE = "{customer}"

_PLACES = re.compile(r"\{[^{}]*\}")


def _title(text: str) -> str:
    unknown = next((place for place in _PLACES.findall(text) if place != PLACE), None)
    if unknown is not None:
        raise PydanticCustomError(
            "unknown_place", "There is no {place} to fill in: {places}.", {"place": unknown, "places": PLACE}
        )
    return text


class ChainStepSent(Sent):
    """A task of the chain: so many days after the start, or after the step before was done."""

    title: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_title)
    ]
    kind: Kind = "follow_up"
    after: After = "start"
    count: Annotated[int, Field(ge=0, le=3650)]
    unit: Unit = "working_days"
    at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = Field(
        default=None, description="Time of day; the workspace's reminder time when it is not sent."
    )


Steps = Annotated[list[ChainStepSent], Field(min_length=1, max_length=50)]

_KEY_CUSTOMER = [
    {"title": "Call {customer}", "count": 1},
    {"title": "Visit {customer}", "kind": "visit", "count": 5},
    {"title": "Send {customer} a proposal", "after": "previous", "count": 5},
]


class TaskChainCreate(Sent):
    """A new chain. `{customer}` in a title is filled in when it starts."""

    model_config = like(name="New key customer", steps=_KEY_CUSTOMER)

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    steps: Steps


class TaskChainUpdate(Sent):
    """What to change (JSON merge patch). `steps` are sent whole; chains that run already go on by them."""

    model_config = like(name="New key customer")

    name: Name = kept()
    steps: Steps = kept()


class TaskChainStart(Sent):
    """Which chain to start about what, and whose the tasks are: yours unless you name another."""

    model_config = like(
        chain_id="01a1fcb0-3a00-7000-8000-000000000004",
        subject={"type": "customer", "id": "01a1fcb0-3a00-7000-8000-000000000001"},
    )

    chain_id: UUID
    subject: TaskSubjectSent
    assignee_id: UUID | None = None


class ChainStep(Shown):
    """A task of the chain."""

    title: str
    kind: Kind
    after: After
    count: int
    unit: Unit
    at: str | None


class TaskChainRead(Shown):
    """A chain of tasks, as a template."""

    id: UUID
    name: str
    steps: list[ChainStep]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class TaskChainStarted(Shown):
    """The tasks of a chain that begin with it; the others follow when the one before is done."""

    run_id: UUID
    tasks: list[TaskRead]


class TaskChainFilter(Filter):
    """Which chains, and in what order."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "name"
    archived: bool = Field(default=False, description="The archived ones instead.")
