"""What crosses the boundary about surveys."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.contacts.schemas import ContactReference
from crm.fields import Moment, Sent, Shown, like
from crm.paging import Filter
from crm.surveys.vocabulary import SkippedBecause, State, Via

LONGEST_COMMENT = 2_000

Csat = Annotated[int, Field(strict=True, ge=1, le=5, description="1: very unhappy, 5: very happy.")]
Nps = Annotated[int, Field(strict=True, ge=0, le=10, description="0: not at all likely, 10: extremely likely.")]
Comment = Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_COMMENT)]


class SurveyedComplaint(Shown):
    """A complaint, as far as a nested mention needs."""

    id: UUID
    number: str


class SurveyRead(Shown):
    """How somebody was asked how it went, and what they said."""

    id: UUID
    complaint_id: UUID
    complaint: SurveyedComplaint
    customer_id: UUID | None
    contact_id: UUID | None
    contact: ContactReference | None
    state: State = Field(
        description="`planned`: to be mailed. `to_hand_over`: nothing can be mailed, so give them the link."
    )
    is_open: bool = Field(description="An answer is still taken.")
    skipped_because: SkippedBecause | None
    via: Via | None
    error: str | None = Field(description="Why it could not be mailed.")
    asked_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None
    csat: int | None
    nps: int | None
    comment: str | None
    created_at: datetime
    updated_at: datetime
    version: int


class SurveyWithLink(SurveyRead):
    """A survey with the link to it, which whoever answers needs no sign-in for."""

    url: str | None = Field(description="Null where an `Idempotency-Key` was used before: ask again without it.")


class SurveyFilter(Filter):
    """Which surveys, and in what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"
    complaint_id: list[UUID] | None = None
    customer_id: list[UUID] | None = None
    contact_id: list[UUID] | None = None
    state: list[State] | None = None
    csat: list[Csat] | None = None
    answered_at_gte: Moment | None = None
    answered_at_lte: Moment | None = None


class SurveyAnswer(Sent):
    """How it went."""

    model_config = like(csat=4, nps=9, comment="Called back within the hour.")

    csat: Csat
    nps: Nps | None = None
    comment: Comment | None = None


class SurveyForm(Sent):
    """How it went, as the page sends it."""

    model_config = like(csat=4, nps=9, comment="Called back within the hour.")

    csat: Annotated[int, Field(ge=1, le=5)]
    nps: Annotated[int, Field(ge=0, le=10)] | None = None
    comment: Comment | None = None

    def answer(self) -> SurveyAnswer:
        """The same, as it is taken."""
        return SurveyAnswer(csat=self.csat, nps=self.nps, comment=self.comment)


class QuestionShown(Shown):
    """What is asked, and from where to where the answer goes; null for words."""

    name: Literal["csat", "nps", "comment"]
    text: str
    text_zh: str
    least: int | None
    most: int | None
    required: bool


class PublicSurvey(Shown):
    """What whoever has the link sees: whose complaint it was, and what they are asked."""

    company: str
    number: str
    received_on: date
    state: Literal["open", "answered", "over"]
    expires_at: datetime
    questions: list[QuestionShown]
