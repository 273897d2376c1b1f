"""The public form: what it shows, what is sent through it, and how it stands. Nobody here has signed in."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import LargeBinary, Select, Uuid, and_, bindparam, func, select, text

from crm.complaint_doors import arrivals, opening
from crm.complaint_doors.errors import SubmissionReused
from crm.complaint_doors.models import complaint_arrivals
from crm.complaint_doors.public_schemas import (
    Labelled,
    PublicComplaint,
    PublicComplaintForm,
    PublicComplaintStatus,
    PublicReceipt,
)
from crm.complaint_doors.words import CATEGORIES, GREETING, PUBLIC, REMEDIES, STATES, THANKS, Pair, in_language
from crm.complaints import receiving
from crm.complaints.models import complaints
from crm.complaints.rules import OVER
from crm.database import Database, Transaction, statement
from crm.errors import NotFound, Unavailable
from crm.strangers import limits
from crm.strangers.limits import Rate
from crm.strangers.links import LinkOver, Links, Purpose, read
from crm.tables import utc
from crm.workspaces import throttle
from crm.workspaces.access import outsider
from crm.workspaces.ids import new_id

PER_SENDER = Rate(10, timedelta(minutes=10))
"""Complaints from one address through one form: a family, an office, not a program."""
PER_FORM = Rate(300, timedelta(hours=1))
"""Complaints through one form, from wherever: what people can look at, when many programs send at once."""
SUSPECTED = "suspected_spam"
SAID = {"description", "subject", "category", "remedy_sought", "lot"}
SHOWN_FOR = text("interval '90 days'")
"""So long after the end whoever complained can see that it is over."""


async def show(database: Database, token: str, *, chinese: bool) -> PublicComplaintForm:
    """What the form shows. Raises ``NotFound``, ``LinkOver``."""
    opened = await opening.form(database, token)
    own, other = ("greeting_zh", "greeting") if chinese else ("greeting", "greeting_zh")
    greeting = opened.row[own] or (opened.row[other] if opened.row[other] else in_language(GREETING, chinese=chinese))
    return PublicComplaintForm(
        workspace=opened.workspace,
        name=opened.row["name"],
        greeting=greeting,
        language=_language(chinese=chinese),
        categories=_labelled(CATEGORIES, chinese=chinese),
        remedies=_labelled(REMEDIES, chinese=chinese),
    )


async def submit(
    database: Database,
    links: Links,
    token: str,
    sent: PublicComplaint,
    *,
    fingerprint: bytes,
    address: str,
    base_url: str,
    chinese: bool,
) -> PublicReceipt:
    """Take a complaint down. The same ``submission_id`` with the same ``fingerprint`` gives the same answer.

    Raises ``NotFound``, ``LinkOver``, ``TooManyRequests``, ``SubmissionReused``, 422.
    """
    opened = await opening.form(database, token)
    if (place := throttle.of_address(address)) is not None:
        await limits.enter(database, f"form:{opened.id}:{place}", PER_SENDER)
    earlier = None
    if sent.submission_id is not None:
        access = database.writing(opened.actor)
        earlier = await arrivals.earlier_submission(access, opened.id, str(sent.submission_id))
    if earlier is not None:
        number, arrival_id = _as_before(earlier, fingerprint)
    else:
        await limits.enter(database, f"form:{opened.id}", PER_FORM)
        async with database.transaction(opened.actor) as tx:
            number, arrival_id = await _take_down(tx, opened, links, sent, fingerprint)
    link = links.of(Purpose.COMPLAINT_STATUS, opened.actor.workspace_id, arrival_id)
    return PublicReceipt(
        reference=number,
        message=in_language(THANKS, chinese=chinese).replace("{number}", number),
        status_url=f"{base_url}v1/public/complaints/{link.token}",
        status_page_url=f"{base_url}complaint/{link.token}",
        status_token=link.token,
    )


async def status(database: Database, token: str, *, chinese: bool) -> PublicComplaintStatus:
    """How a complaint stands, for whoever has the link. Raises ``NotFound``; ``LinkOver`` some time after its end."""
    link = read(Purpose.COMPLAINT_STATUS, token)
    row = await database.writing(outsider(link.workspace_id)).row(_status(), status_hash=link.token_hash)
    if row is None:
        raise NotFound
    if row["is_over"]:
        raise LinkOver
    state = PUBLIC[row["state"]]
    title, message = (in_language(pair, chinese=chinese) for pair in STATES[state])
    return PublicComplaintStatus(
        reference=row["number"],
        received_at=row["received_at"],
        state=state,
        title=title,
        message=message,
        language=_language(chinese=chinese),
    )


async def _take_down(
    tx: Transaction, opened: opening.Opened, links: Links, sent: PublicComplaint, fingerprint: bytes
) -> tuple[str, UUID]:
    arrival_id, complaint_id = await new_id(tx), await new_id(tx)
    link = links.of(Purpose.COMPLAINT_STATUS, tx.actor.workspace_id, arrival_id)
    key = str(sent.submission_id or arrival_id)
    noted = await arrivals.note(
        tx,
        "received",
        fingerprint,
        key,
        id=arrival_id,
        form_id=opened.id,
        status_hash=link.token_hash,
        complaint_id=complaint_id,
    )
    if not noted:
        earlier = await arrivals.earlier_submission(tx, opened.id, key)
        if earlier is None:
            raise Unavailable(headers={"Retry-After": "1"})
        return _as_before(earlier, fingerprint)
    values = {name: value for name, value in sent.model_dump(include=SAID).items() if value}
    said = {name: value for name in ("name", "phone", "email") if (value := getattr(sent, name))}
    if said:
        values["complainer"] = said
    if opened.row["team_id"] is not None:
        values["team_id"] = opened.row["team_id"]
    if sent.website:
        values["tags"] = [SUSPECTED]
    values |= {"id": complaint_id, "channel": "web_form", "sender": "claimed", "received_at": datetime.now(UTC)}
    taken = await receiving.take_down(tx, values)
    number: str = orjson.loads(taken.body)["number"]
    return number, arrival_id


def _as_before(earlier: Any, fingerprint: bytes) -> tuple[str, UUID]:
    if earlier["fingerprint"] != fingerprint:
        raise SubmissionReused
    return earlier["number"], earlier["id"]


def _labelled(words: Any, *, chinese: bool) -> list[Labelled]:
    pairs: dict[str, Pair] = dict(words)
    return [Labelled(code=code, label=in_language(pair, chinese=chinese)) for code, pair in pairs.items()]


def _language(*, chinese: bool) -> str:
    return "zh-CN" if chinese else "en"


@statement
def _status() -> Select[Any]:
    a, c = complaint_arrivals.c, complaints.c
    is_over = and_(c.state.in_(OVER), c.updated_at <= func.now() - SHOWN_FOR)
    return (
        select(c.number, c.state, utc(c.received_at).label("received_at"), is_over.label("is_over"))
        .join(complaints, (c.workspace_id == a.workspace_id) & (c.id == a.complaint_id))
        .where(
            a.workspace_id == bindparam("workspace_id", type_=Uuid),
            a.status_hash == bindparam("status_hash", type_=LargeBinary),
        )
    )
