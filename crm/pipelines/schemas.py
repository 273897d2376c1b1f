"""What crosses the boundary about pipelines."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, PlainSerializer, StringConstraints, field_validator, model_validator

from crm.fields import Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.pipelines.requirements import is_requirement
from crm.pipelines.vocabulary import ForecastCategory

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,29}$")]
Probability = Annotated[
    Decimal,
    Field(gt=0, lt=1, max_digits=5, decimal_places=4, description="Over 0, under 1: a sale that is open is neither."),
    PlainSerializer(str, return_type=str, when_used="json"),
]


def _known(name: str) -> str:
    if not is_requirement(name):
        raise ValueError("This is nothing that a stage can ask for.")
    return name


Requirement = Annotated[
    str,
    AfterValidator(_known),
    Field(
        description="customer, amount, expected_close_on, next_step, contact_reached, man_known, man_promising, "
        "authority_found, contact:<role>/<role>…, or check:<checklist>.<element>."
    ),
]


class StageSent(Sent):
    """A stage, in its place."""

    key: Key
    name: Name
    name_zh: Name | None = None
    probability: Probability
    forecast_category: ForecastCategory = "pipeline"
    progress_code: Annotated[int, Field(ge=0, le=5, description="0 to 5 (`domain.md` A120).")] = 1
    expected_days: Annotated[int, Field(ge=1, le=3650)] | None = None
    late: bool = Field(default=False, description="Near the end: silence is told of sooner.")
    requires: Annotated[list[Requirement], Field(max_length=20)] = Field(
        default_factory=list, description="What must be known before a sale may enter."
    )


def _distinct(stages: list[StageSent]) -> list[StageSent]:
    if len({stage.key for stage in stages}) < len(stages):
        raise ValueError("Two stages have the same key.")
    return stages


Stages = Annotated[list[StageSent], Field(min_length=1, max_length=30), AfterValidator(_distinct)]


class ElementSent(Sent):
    """A question of a checklist."""

    key: Key
    name: Name
    name_zh: Name | None = None


class ChecklistSent(Sent):
    """Questions that each get 0 (not known), 1 (partly) or 2 (clear): BANT, MEDDIC, or your own."""

    key: Key
    name: Name
    elements: Annotated[list[ElementSent], Field(min_length=1, max_length=20)]


Checklists = Annotated[list[ChecklistSent], Field(max_length=5)]


class PipelineCreate(Sent):
    """A way sales go."""

    model_config = like(
        name="Key accounts",
        name_zh="大客户",
        stages=[
            {"key": "contacted", "name": "Contacted", "name_zh": "已联系", "probability": "0.10", "progress_code": 2},
            {
                "key": "proposal",
                "name": "Proposal",
                "name_zh": "方案报价",
                "probability": "0.60",
                "forecast_category": "best_case",
                "progress_code": 4,
                "requires": ["amount", "expected_close_on", "contact:decider/approver"],
            },
        ],
    )

    id: UUID | None = Field(default=None, description="Made by the client if it wants to; UUIDv7 advised.")
    name: Name
    name_zh: Name | None = None
    stages: Stages
    checklists: Checklists = Field(default_factory=list)

    @model_validator(mode="after")
    def _checks_are_defined(self) -> "PipelineCreate":
        undefined = missing_checks(self.stages, self.checklists)
        if undefined:
            raise ValueError(f"No checklist has {', '.join(undefined)}.")
        return self


def missing_checks(stages: list[StageSent], checklists: list[ChecklistSent]) -> list[str]:
    """The checks that stages ask for and no checklist has."""
    defined = {f"check:{checklist.key}.{element.key}" for checklist in checklists for element in checklist.elements}
    asked = {name for stage in stages for name in stage.requires if name.startswith("check:")}
    return sorted(asked - defined)


class PipelineUpdate(Sent):
    """What to change (JSON merge patch); stages change by an operation of their own."""

    model_config = like(name="Key customers")

    name: Name = kept()
    name_zh: Name | None = None
    checklists: Checklists = kept()


class StagesChange(Sent):
    """The stages as they are to be, and where those go whose stage is not among them."""

    model_config = like(
        stages=[
            {"key": "contacted", "name": "Contacted", "probability": "0.10", "progress_code": 2},
            {"key": "offer", "name": "Offer", "probability": "0.60", "progress_code": 4},
        ],
        moves={"proposal": "offer"},
    )

    stages: Stages
    moves: dict[Key, Key] = Field(
        default_factory=dict, description="Old stage to new one, for each stage that vanishes and has opportunities."
    )

    @field_validator("moves")
    @classmethod
    def _few(cls, moves: dict[str, str]) -> dict[str, str]:
        if len(moves) > 30:
            raise ValueError("There are 30 stages at most.")
        return moves


class PipelineArchive(Sent):
    """Where the sales go that are not over."""

    model_config = like(to_pipeline_id="01a1fcb0-3a00-7000-8000-000000000001", moves={"contacted": "contacted"})

    to_pipeline_id: UUID | None = Field(default=None, description="Another pipeline; needed where sales are not over.")
    moves: Annotated[dict[Key, Key], Field(max_length=30)] = Field(
        default_factory=dict, description="Stage here to stage there, for each that has sales which are not over."
    )


class StageRead(Shown):
    """A stage of a pipeline."""

    id: UUID
    key: str
    name: str
    name_zh: str | None
    place: int
    probability: str
    forecast_category: ForecastCategory
    progress_code: int
    expected_days: int | None
    late: bool
    requires: list[str]


class ElementRead(Shown):
    """A question of a checklist."""

    key: str
    name: str
    name_zh: str | None


class ChecklistRead(Shown):
    """Questions of a checklist."""

    key: str
    name: str
    elements: list[ElementRead]


class PipelineRead(Shown):
    """A way sales go: ordered stages."""

    id: UUID
    name: str
    name_zh: str | None
    is_default: bool
    stages: list[StageRead]
    checklists: list[ChecklistRead]
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class PipelineFilter(Filter):
    """Which pipelines, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "created_at"
    archived: bool = Field(default=False, description="The archived ones instead of the others.")
