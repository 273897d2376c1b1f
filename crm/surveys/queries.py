"""How a survey looks, and everything that reads surveys for those who sign in."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Uuid, and_, bindparam, func, select, true

from crm import reading
from crm.actor import Sight
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.contacts.models import contacts
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.surveys.models import surveys
from crm.surveys.schemas import SurveyFilter
from crm.tables import stamps, utc

ASKED = ("sending", "sent")
"""States in which somebody may have the link."""


def is_open(survey: FromClause, complaint: FromClause) -> ColumnElement[bool]:
    """An answer is still taken: it was asked for, has not expired, and the complaint is still closed that time."""
    c = survey.c
    here = and_(c.state.in_(ASKED), c.expires_at > func.now(), complaint.c.reopened_count == c.closing)
    return func.coalesce(and_(here, complaint.c.state == "closed"), False)


def shape(survey: FromClause) -> Select[Any]:
    """A survey, once: the answer and the event."""
    c, complaint, contact = survey.c, complaints.alias("complaint"), contacts.alias("contact")
    about = and_(complaint.c.workspace_id == c.workspace_id, complaint.c.id == c.complaint_id)
    whom = and_(contact.c.workspace_id == c.workspace_id, contact.c.id == c.contact_id)
    return select(
        c.id,
        c.complaint_id,
        func.json_build_object("id", complaint.c.id, "number", complaint.c.number).label("complaint"),
        c.customer_id,
        c.contact_id,
        mention(contact).label("contact"),
        c.state,
        is_open(survey, complaint).label("is_open"),
        c.skipped_because,
        c.via,
        c.error,
        utc(c.asked_at).label("asked_at"),
        utc(c.expires_at).label("expires_at"),
        utc(c.answered_at).label("answered_at"),
        c.csat,
        c.nps,
        c.comment,
        *stamps(survey),
    ).select_from(survey.join(complaint, about).outerjoin(contact, whom))


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """Whoever sees the complaint sees how it went."""
    if sight is Sight.ALL:
        return true()
    at_home = complaints.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return surveys.c.complaint_id.in_(select(complaints.c.id).where(at_home, COMPLAINT.visible(sight)))


SURVEY = Noun("survey", surveys, shape, visible)
LIST = Listing(
    SURVEY,
    sorts={"created_at": surveys.c.created_at},
    filters={
        **among(surveys, ["complaint_id", "customer_id", "contact_id", "state", "csat"]),
        **between(surveys, ["answered_at"]),
    },
)


async def get(access: Access, survey_id: UUID) -> Answer:
    """One survey. Raises ``NotFound``."""
    return await reading.one(access, SURVEY, survey_id)


async def page(access: Access, wanted: SurveyFilter) -> bytes:
    """A page of surveys."""
    return await reading.page(access, LIST, wanted)
