"""What crosses the boundary: a rule as it is sent and shown, its runs, and what a dry run tells."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from crm.fields import Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.task_rules.templates import PLACES, unknown_places
from crm.task_rules.vocabulary import Fault, Operator, RunState, Skipped, TriggerKind, Unit, Whom
from crm.tasks.schemas import A_YEAR
from crm.tasks.vocabulary import Kind


def _template(text: str) -> str:
    if unknown := unknown_places(text):
        raise PydanticCustomError(
            "unknown_place",
            "There is no {place} to fill in: {places}.",
            {"place": f"{{{unknown[0]}}}", "places": ", ".join(f"{{{name}}}" for name in PLACES)},
        )
    return text


Template = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300), AfterValidator(_template)
]
Words = Annotated[
    dict[Literal["en", "zh-CN"], Template],
    Field(min_length=1, description="By language, with places `{customer}`, `{name}`, `{date}` and `{days}`."),
]
FieldPath = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+){0,4}$", max_length=200),
    Field(description="A field of the event's `data`, such as `key_kind` or `address.city`."),
]
Plain = str | int | float | bool | None


class FieldTest(Sent):
    """What must hold of a field, or of its change. `changed_to` and `changed_from` compare with the value."""

    field: FieldPath
    operator: Operator
    value: Plain | Annotated[list[Plain], Field(max_length=50)] = None


class EventTrigger(Sent):
    """Something happened, and all of these hold."""

    kind: Literal["event"]
    event: Annotated[str, StringConstraints(max_length=100)]
    where: Annotated[list[FieldTest], Field(max_length=10, default_factory=list)]


class NightlyTrigger(Sent):
    """Something holds when a night's work is done. `/v1/task-rules/conditions` lists what can be watched."""

    kind: Literal["nightly"]
    condition: Annotated[str, StringConstraints(max_length=100)]
    parameters: Annotated[dict[str, Plain], Field(max_length=10, default_factory=dict)]


class Offset(Sent):
    """So much later: calendar or working days, or for events minutes that all count or working ones."""

    count: Annotated[int, Field(ge=0, le=525_600)]
    unit: Unit


class RuleAction(Sent):
    """The task to make. `at` is the time of day where days are counted; without it, the workspace's reminder time."""

    title: Words
    note: Words | None = None
    kind: Kind = "follow_up"
    after: Offset = Offset(count=0, unit="days")
    at: Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    assignee: Whom = "owner"
    user_id: UUID | None = None
    remind_before: Annotated[
        list[Annotated[int, Field(ge=0, le=A_YEAR)]], Field(max_length=10, default_factory=lambda: [0])
    ]
    again_after_days: Annotated[int, Field(ge=1, le=3650)] | None = Field(
        default=None,
        description="Where it still holds so much later, make another. Of events: at most one in so many days.",
    )

    chain_id: UUID | None = Field(
        default=None, description="Start this chain instead of one task; for events. Title, days and kind are its own."
    )

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.assignee == "user") != (self.user_id is not None):
            raise PydanticCustomError("user_id", "`user_id` goes with the assignee `user`, and only with it.")
        if self.after.unit in {"working_days", "days"} and self.after.count > 3650:
            raise PydanticCustomError("too_far", "At most 3650 days.")
        return self


class TaskRuleCreate(Sent):
    """A new rule."""

    model_config = like(
        name="Ask how the missed visit came about",
        trigger={
            "kind": "event",
            "event": "visit.cancelled",
            "where": [{"field": "purpose", "operator": "equals", "value": "care"}],
        },
        action={
            "title": {"en": "Ask {customer} for another day", "zh-CN": "与{customer}另约拜访时间"},
            "after": {"count": 1, "unit": "working_days"},
            "at": "09:30",
            "assignee": "owner",
        },
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    enabled: bool = True
    trigger: Annotated[EventTrigger | NightlyTrigger, Field(discriminator="kind")]
    action: RuleAction


class TaskRuleUpdate(Sent):
    """What to change (JSON merge patch); `trigger` and `action` are sent whole. Tasks made before stay as they are."""

    model_config = like(name="Another day", action={"title": {"en": "Ask {customer} for another day"}})

    name: Name = kept()
    trigger: Annotated[EventTrigger | NightlyTrigger, Field(discriminator="kind")] = kept()
    action: RuleAction = kept()


class FieldTestRead(Shown):
    """What must hold of a field."""

    field: str
    operator: Operator
    value: Any = None


class TriggerRead(Shown):
    """What a rule watches: an event, a nightly condition, or what care itself plans (`care`)."""

    kind: TriggerKind
    event: str | None = None
    where: list[FieldTestRead] | None = None
    condition: str | None = None
    parameters: dict[str, Any] | None = None


class OffsetRead(Shown):
    """So much later."""

    count: int
    unit: Unit


class ActionRead(Shown):
    """The task that a rule makes. Null where care itself says what is due."""

    title: dict[str, str]
    note: dict[str, str] | None = None
    kind: Kind
    after: OffsetRead
    at: str | None = None
    assignee: Whom
    user_id: UUID | None = None
    remind_before: list[int]
    again_after_days: int | None = None
    chain_id: UUID | None = None


class RunSummary(Shown):
    """What came of it on the last day on which it did anything."""

    day: date
    state: RunState
    made: int
    skipped: dict[Skipped, int]
    failed: int


class TaskRuleRead(Shown):
    """A rule. `key` names those that the product came with."""

    id: UUID
    key: str | None
    name: str
    enabled: bool
    trigger: TriggerRead
    action: ActionRead | None
    last_error: Fault | None = Field(description="What is wrong with it, until it works again.")
    failed_at: datetime | None
    last_run: RunSummary | None
    created_at: datetime
    updated_at: datetime
    version: int


class TaskRuleFilter(Filter):
    """Which rules, and in what order."""

    sort: Literal["name", "-name", "created_at", "-created_at"] = "created_at"
    enabled: bool | None = None
    key: list[str] | None = None
    event: list[str] | None = None
