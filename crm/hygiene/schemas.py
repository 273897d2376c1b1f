"""How what is wrong with sales is shown and asked for."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from crm.customers.schemas import CustomerReference, MoneyShown, PersonShown
from crm.fields import Shown
from crm.hygiene.flags import Flag
from crm.opportunities.schemas import PipelineReference, StageShown
from crm.opportunities.vocabulary import Grade
from crm.paging import Filter


class FlagShown(Shown):
    """What is wrong, and what to do about it."""

    code: Flag
    reason: str
    reason_zh: str
    remedy: str
    remedy_zh: str


class FlaggedRead(Shown):
    """An open sale with what is wrong with it."""

    id: UUID
    name: str
    customer: CustomerReference | None
    pipeline: PipelineReference
    stage: StageShown
    owner: PersonShown | None
    amount: MoneyShown | None
    expected_close_on: date | None
    close_date_moves: int
    grade: Grade
    days_in_stage: int
    usual_days_in_stage: str | None = Field(
        description="The median of the won sales, else what the stage expects; null where neither is known."
    )
    days_silent: int
    next_step: str | None
    next_step_on: date | None
    flags: list[FlagShown]
    created_at: datetime
    updated_at: datetime
    version: int


class FlaggedFilter(Filter):
    """Which open sales, and in what order."""

    sort: Literal["expected_close_on", "-expected_close_on", "-amount", "created_at", "-created_at"] = (
        "expected_close_on"
    )
    flag: list[Flag] | None = Field(default=None, description="With any of these; with any at all when not given.")
    owner_id: list[UUID] | None = None
    team_id: list[UUID] | None = None
    pipeline_id: list[UUID] | None = None
    stage_id: list[UUID] | None = None
