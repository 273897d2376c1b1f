"""Asking how it went: planned when a complaint is closed, given up when it is opened again, or handed over by hand."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Delete,
    Insert,
    Integer,
    LargeBinary,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert as insert_or

from crm.actor import Sight
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.consents.queries import ask
from crm.database import Transaction, statement
from crm.errors import NotFound
from crm.events.reacting import Fact
from crm.nouns import Answer, this_one
from crm.recording import changing, explain, record, recorded
from crm.strangers.links import Links, NewLink, Purpose
from crm.surveys import events
from crm.surveys.errors import AskedLately, ComplaintNotClosed, SurveyAnswered, SurveyUnwanted
from crm.surveys.models import owed_surveys, surveys
from crm.surveys.queries import SURVEY

ALWAYS_STOPS = frozenset({"do_not_contact", "withdrawn", "archived", "erased"})
"""What a person who hands a link over minds as well. That nobody was asked for consent does not stop them: they ask."""
NOT_ASKED = frozenset({"withdrawn"})
"""Ends after which nobody is asked."""
LANDED = ("planned", "to_hand_over")


async def plan(tx: Transaction, fact: Fact) -> None:
    """A complaint was closed: a survey goes out after a while, once for each closing."""
    settings = tx.actor.settings["surveys"]
    if settings["after_closing"] == "on":
        await record(tx, events.PLANNED, _plan(), complaint_id=fact.subject_id, delay=settings["delay_hours"])


async def give_up(tx: Transaction, fact: Fact) -> None:
    """A complaint was opened again: whoever was not asked yet is not asked now."""
    await tx.rows(_give_up(), event_type=events.SKIPPED, complaint_id=fact.subject_id)


async def hand_over(tx: Transaction, complaint_id: UUID, links: Links) -> tuple[Answer, NewLink]:
    """The survey of a closed complaint with its link, for somebody to give it to whoever complained.

    Asked for again, it is the same link. Raises ``NotFound``, ``ComplaintNotClosed``, ``SurveyAnswered``,
    ``SurveyUnwanted``, ``AskedLately``.
    """
    row = await tx.row(_complaint(tx.actor.sight), id=complaint_id)
    if row is None:
        raise NotFound
    if row["state"] != "closed":
        raise ComplaintNotClosed
    if row["contact_id"] is not None:
        verdict = await ask(tx, row["contact_id"], "surveys")
        if not verdict.allowed and verdict.because in ALWAYS_STOPS:
            raise SurveyUnwanted(because=verdict.because)
    await tx.rows(one_asks_at_a_time(), whom=str(row["contact_id"] or complaint_id))
    await record(tx, events.PLANNED, _make(), complaint_id=complaint_id)
    survey = await tx.row(_of_closing(), complaint_id=complaint_id, closing=row["reopened_count"])
    if survey is None:
        raise NotFound
    if survey["state"] == "answered":
        raise SurveyAnswered
    if await tx.value(asked_lately(), survey_id=survey["id"], contact_id=row["contact_id"]):
        raise AskedLately
    link = links.of(Purpose.SURVEY, tx.actor.workspace_id, survey["id"])
    await tx.rows(_owe_no_more(), survey_id=survey["id"])
    asked = await record(tx, events.SENT, _hand_over(), id=survey["id"], new_token_hash=link.token_hash)
    return asked or await explain(tx, SURVEY, survey["id"]), link


@statement
def one_asks_at_a_time() -> Select[Any]:
    """Wait for others who are about to ask the same person, until the transaction ends."""
    whom = cast(bindparam("workspace_id", type_=Uuid), Text) + bindparam("whom", type_=Text)
    return select(func.pg_advisory_xact_lock(func.hashtextextended(whom, 0)))


@statement
def asked_lately() -> Select[Any]:
    """Whether the person was asked, by another survey, within the period that the workspace set."""
    s = surveys.c
    days = func.make_interval(0, 0, 0, bindparam("surveys_per_contact_days", type_=Integer))
    lately = select(s.id).where(
        s.workspace_id == bindparam("workspace_id", type_=Uuid),
        s.contact_id == bindparam("contact_id", type_=Uuid),
        s.id != bindparam("survey_id", type_=Uuid),
        s.state != "skipped",
        s.asked_at > func.now() - days,
    )
    return select(lately.exists())


@statement
def _complaint(sight: Sight) -> Select[Any]:
    c = complaints.c
    return select(c.state, c.contact_id, c.reopened_count).where(this_one(COMPLAINT, sight))


def _new(state: str) -> Insert:
    """A survey of a complaint that is closed, unless this closing has one."""
    c = complaints.c
    closed = select(
        c.workspace_id, c.id, c.reopened_count, c.customer_id, c.contact_id, literal(state, Text)
    ).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.id == bindparam("complaint_id", type_=Uuid),
        c.state == "closed",
    )  # fmt: skip
    if state == "planned":
        closed = closed.where(or_(c.closed_because.is_(None), c.closed_because.not_in(NOT_ASKED)))
    names = ["workspace_id", "complaint_id", "closing", "customer_id", "contact_id", "state"]
    once: Insert = insert_or(surveys).from_select(names, closed).on_conflict_do_nothing()
    return once


@statement
def _plan() -> Insert:
    return recorded(SURVEY, _new("planned"), also=lambda made: [_owe(made)])


@statement
def _make() -> Insert:
    return recorded(SURVEY, _new("to_hand_over"))


def _owe(made: CTE) -> Insert:
    after = func.make_interval(0, 0, 0, 0, bindparam("delay", type_=Integer))
    rows = select(made.c.workspace_id, made.c.id, func.now() + after)
    return insert(owed_surveys).from_select(["workspace_id", "survey_id", "next_at"], rows)


def _owed_no_more(gone: CTE) -> Delete:
    o = owed_surveys.c
    return delete(owed_surveys).where(o.workspace_id == gone.c.workspace_id, o.survey_id == gone.c.id)


@statement
def _give_up() -> Insert:
    s = surveys.c
    skipped = (
        update(surveys)
        .where(
            s.workspace_id == bindparam("workspace_id", type_=Uuid),
            s.complaint_id == bindparam("complaint_id", type_=Uuid),
            s.state.in_(LANDED),
        )
        .values(state="skipped", skipped_because="reopened")
    )
    return recorded(SURVEY, skipped, also=lambda gone: [_owed_no_more(gone)])


@statement
def _of_closing() -> Select[Any]:
    s = surveys.c
    return (
        select(s.id, s.state)
        .where(
            s.workspace_id == bindparam("workspace_id", type_=Uuid),
            s.complaint_id == bindparam("complaint_id", type_=Uuid),
            s.closing == bindparam("closing", type_=Integer),
        )
        .with_for_update()
    )


@statement
def _hand_over() -> Insert:
    """Nothing where the link was told before and holds still: its time is not prolonged by being looked at."""
    s = surveys.c
    valid = func.make_interval(0, 0, 0, bindparam("surveys_valid_days", type_=Integer))
    over = (s.state != "sent") | (s.expires_at <= func.now())
    values = {
        "state": "sent",
        "skipped_because": None,
        "via": "hand",
        "error": None,
        "token_hash": bindparam("new_token_hash", type_=LargeBinary),
        "asked_at": func.now(),
        "expires_at": func.now() + valid,
    }
    return changing(SURVEY, Sight.ALL, (), over, values=values)


@statement
def _owe_no_more() -> Delete:
    o = owed_surveys.c
    mine = (
        o.workspace_id == bindparam("workspace_id", type_=Uuid),
        o.survey_id == bindparam("survey_id", type_=Uuid),
    )
    return delete(owed_surveys).where(*mine)
