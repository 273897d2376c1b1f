"""What crosses the boundary without a session: the form, what is sent through it, and how it stands."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from crm.complaint_doors.texts import cleaned, is_visible, one_line
from crm.complaint_doors.vocabulary import PublicState
from crm.complaints.vocabulary import Category, Remedy
from crm.fields import Email, Phone, Sent, Shown, like

LONGEST_WORDS = 5_000


def _words(text: str) -> str:
    found = cleaned(text, LONGEST_WORDS)
    if not is_visible(found):
        raise PydanticCustomError("string_blank", "There must be something to see in this text.")
    return found


def _line(text: str) -> str:
    return one_line(text, 200)


Words = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_WORDS), AfterValidator(_words)]
Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(_line)]


class Labelled(Shown):
    """One of a few words, with what it is called in your language."""

    code: str
    label: str


class PublicComplaintForm(Shown):
    """What a public form shows, in the language of `Accept-Language` (en, zh-CN)."""

    workspace: str = Field(description="Whose form it is.")
    name: str
    greeting: str
    language: str
    categories: list[Labelled]
    remedies: list[Labelled]


class PublicComplaint(Sent):
    """A complaint as whoever has it says it. Only `description` is needed; without contact data nobody can answer."""

    model_config = like(
        submission_id="01a1fcb0-3a00-7000-8000-0000000000aa",
        description="The pump failed for the third time.",
        category="quality",
        remedy_sought="replace",
        name="Wang Fang",
        phone="138 0013 8000",
    )

    submission_id: UUID | None = Field(
        default=None,
        description="Made up by the page. Sent again with the same words, it gives the same answer and no second "
        "complaint.",
    )
    description: Words
    subject: Line | None = Field(default=None, description="The beginning of the description when not given.")
    category: Category = "other"
    remedy_sought: Remedy | None = Field(default=None, description="What you would like to have done.")
    lot: Line | None = Field(default=None, description="Batch, serial or order number.")
    name: Line | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Line | None = Field(
        default=None,
        description="Leave it empty, and hide it on your page: programs that fill in every field give themselves away. "
        "What they send is kept, with the tag `suspected_spam`.",
    )


class PublicReceipt(Shown):
    """What whoever complained gets: a number to name, and a link to see how it stands."""

    reference: str = Field(examples=["2026-000123"])
    message: str
    status_url: str = Field(description="Shown now, and when the same `submission_id` is sent again.")
    status_page_url: str = Field(description="The same as a page for people.")
    status_token: str = Field(description="The last part of `status_url`, for a page of your own.")


class PublicComplaintStatus(Shown):
    """How a complaint stands, in the language of `Accept-Language`. Nothing of what is said about it among us."""

    reference: str
    received_at: datetime
    state: PublicState
    title: str = Field(examples=["In progress"])
    message: str = Field(examples=["We are looking into it."])
    language: str
