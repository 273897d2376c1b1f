"""What crosses the boundary about advice."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from crm.complaints.vocabulary import State, Step
from crm.fields import Line, Sent, Shown, like


class SaidSent(Sent):
    """A sentence in both languages."""

    text: Line
    text_zh: Line


Sentences = Annotated[list[SaidSent], Field(max_length=20)]


class AdvicePut(Sent):
    """What to do at a step, in that order, and what not to say."""

    model_config = like(
        checklist=[{"text": "Ask what they want first.", "text_zh": "先问客户希望怎样解决。"}],
        avoid=[{"text": "You must be wrong.", "text_zh": "您肯定弄错了。"}],
    )

    checklist: Annotated[Sentences, Field(min_length=1)]
    avoid: Sentences = Field(default_factory=list)


class SaidShown(Shown):
    """A sentence in both languages."""

    text: str
    text_zh: str


class AdviceRead(Shown):
    """The advice for a step."""

    step: Step
    title: str
    title_zh: str
    checklist: list[SaidShown]
    avoid: list[SaidShown]
    is_default: bool = Field(description="As it was shipped; false for words of your own.")
    updated_at: datetime | None = Field(description="Null where it was never changed.")
    version: int


class AdviceShown(Shown):
    """The advice for all steps, in the order of a complaint's way."""

    data: list[AdviceRead]


class AdviceAtHand(Shown):
    """The advice for the steps that a complaint can take from where it is, the usual one first."""

    complaint_id: UUID
    number: str
    state: State
    remedy_sought: str | None = Field(description="What they want; null: not asked yet, so ask.")
    data: list[AdviceRead]
