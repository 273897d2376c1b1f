"""What whoever has the link may see and say. Nothing here needs a session; the link is all there is to know of them."""

from typing import Any

import orjson
from sqlalchemy import Insert, LargeBinary, Select, Text, Uuid, and_, bindparam, case, func, select

from crm import clock
from crm.actor import Sight
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.database import Access, Database, Transaction, statement
from crm.errors import NotFound
from crm.recording import changing, record
from crm.strangers import links
from crm.strangers.links import Link, Purpose
from crm.surveys import events
from crm.surveys.errors import SurveyAnswered, SurveyOver
from crm.surveys.models import surveys
from crm.surveys.queries import ASKED, SURVEY, is_open
from crm.surveys.schemas import SurveyAnswer
from crm.surveys.words import QUESTIONS
from crm.tables import utc
from crm.workspaces.acting import acting_in
from crm.workspaces.models import workspaces


async def look(database: Database, token: str) -> bytes:
    """What the link is about, and what is asked. Raises ``NotFound`` for what is no link of ours."""
    link = links.read(Purpose.SURVEY, token)
    actor = await acting_in(database, link.workspace_id)
    found = await _found(database.writing(actor), link)
    received_on = clock.local_date(found["received_at"], actor.timezone)
    shown = {name: found[name] for name in ("company", "number", "state", "expires_at")}
    questions = [
        {
            "name": one.name,
            "text": one.said[0],
            "text_zh": one.said[1],
            "least": one.least,
            "most": one.most,
            "required": one.required,
        }
        for one in QUESTIONS
    ]
    return orjson.dumps({**shown, "received_on": received_on, "questions": questions})


async def answer(database: Database, token: str, said: SurveyAnswer) -> None:
    """Take the answer, once; the mark lands on the complaint in the same commit.

    Raises ``NotFound``, ``SurveyAnswered`` for a second one, ``SurveyOver``.
    """
    link = links.read(Purpose.SURVEY, token)
    actor = await acting_in(database, link.workspace_id)
    async with database.transaction(actor) as tx:
        await _take(tx, link, said)


async def _take(tx: Transaction, link: Link, said: SurveyAnswer) -> None:
    found = await _found(tx, link)
    values: dict[str, Any] = {"new_csat": said.csat, "new_nps": said.nps, "new_comment": said.comment or None}
    if found["state"] == "open":
        # Of two at the same moment one finds it answered.
        if await record(tx, events.ANSWERED, _answer(), id=found["id"], **values):
            await record(tx, events.RATED, _rate(), id=found["complaint_id"], new_satisfaction=said.csat)
            return
        found = await _found(tx, link)
    raise SurveyAnswered if found["state"] == "answered" else SurveyOver


async def _found(access: Access, link: Link) -> Any:
    row = await access.row(_by_link(), token_hash=link.token_hash)
    if row is None:
        raise NotFound
    return row


@statement
def _by_link() -> Select[Any]:
    s, c, w = surveys.c, complaints.c, workspaces.c
    about = and_(c.workspace_id == s.workspace_id, c.id == s.complaint_id)
    state = case((s.state == "answered", "answered"), (is_open(surveys, complaints), "open"), else_="over")
    return (
        select(
            s.id, s.complaint_id, c.number, c.received_at, w.name.label("company"), state.label("state"),
            func.coalesce(utc(s.expires_at), utc(s.created_at), type_=Text).label("expires_at"),
        )
        .select_from(surveys.join(complaints, about).join(workspaces, w.workspace_id == s.workspace_id))
        .where(
            s.workspace_id == bindparam("workspace_id", type_=Uuid),
            s.token_hash == bindparam("token_hash", type_=LargeBinary),
        )
    )  # fmt: skip


@statement
def _answer() -> Insert:
    s = surveys.c
    now = {"state": "answered", "answered_at": func.now()}
    open_ = and_(s.state.in_(ASKED), s.expires_at > func.now())
    return changing(SURVEY, Sight.ALL, ("csat", "nps", "comment"), open_, values=now)


@statement
def _rate() -> Insert:
    return changing(COMPLAINT, Sight.ALL, ("satisfaction",))
