"""What is to be mailed: claimed, looked through once more as it goes, and settled behind a lease.

In two short transactions, and nothing open in Postgres while a mail server thinks. Whether the person may be asked is
asked when the letter goes, not when it was planned (``domain.md`` C3 rule 13).
"""

import unicodedata
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    Integer,
    Interval,
    LargeBinary,
    Select,
    Update,
    Uuid,
    and_,
    bindparam,
    delete,
    func,
    literal,
    null,
    or_,
    select,
    update,
)

from crm import clock
from crm.actor import Sight
from crm.complaints.models import complaints
from crm.consents.queries import ask
from crm.contacts.models import contacts
from crm.database import Access, Transaction, statement
from crm.recording import changing, record
from crm.strangers.links import Links, Purpose
from crm.surveys import events, words
from crm.surveys.asking import asked_lately, one_asks_at_a_time
from crm.surveys.models import owed_surveys, surveys
from crm.surveys.queries import SURVEY
from crm.turns import taken_in_turns
from crm.workspaces.models import workspaces

LEASE = timedelta(seconds=90)
"""Longer than a mail server may take (30 s) and settling after it."""
LONGEST_SHOWN = 100

_o, _s = owed_surveys.c, surveys.c


class Lease(NamedTuple):
    """The right to try one survey once. ``attempts`` counts this one."""

    workspace_id: UUID
    survey_id: UUID
    lease_id: UUID
    attempts: int


class Letter(NamedTuple):
    """What is mailed, and to whom."""

    survey_id: UUID
    address: str
    subject: str
    text: str
    language: str


async def claim(access: Access, *, after: UUID, share: int, most: int) -> list[Lease]:
    """Lease what is due, over all workspaces: ``share`` of each, ``most`` in all (``Database.scanning``)."""
    if not await access.value(_anything_due()):
        return []
    return [Lease(*row) for row in await access.rows(_claim(), after=after, share=share, most=most)]


async def prepare(tx: Transaction, lease: Lease, links: Links, public_url: str | None) -> Letter | None:
    """The letter to be mailed now, whose attempt is counted; None where there is none, which is then written down.

    ``public_url`` is null where nothing can be mailed: then the link waits to be handed over.
    """
    row = await tx.row(_look(), survey_id=lease.survey_id, lease_id=lease.lease_id)
    if row is None:
        return None
    if because := await _why_not(tx, row):
        await _end(tx, lease, events.SKIPPED, "skipped", because=because)
        return None
    address = next(iter(row["emails"] or ()), None)
    if public_url is None or address is None:
        error = "NoAddress" if public_url is not None else "MailNotSetUp"
        await _end(tx, lease, events.NOT_MAILED, "to_hand_over", error=error)
        return None
    link = links.of(Purpose.SURVEY, lease.workspace_id, lease.survey_id)
    await tx.rows(_begin(), survey_id=lease.survey_id, token_hash=link.token_hash)
    until = clock.local_date(row["now"], tx.actor.timezone) + timedelta(days=tx.actor.settings["surveys"]["valid_days"])
    values = {
        "name": plain(row["name"]),
        "number": row["number"],
        "company": plain(row["company"]),
        "url": page_of(public_url, link.token),
        "until": until.isoformat(),
    }
    chinese = tx.actor.language == "zh-CN"
    subject = words.SUBJECT[chinese].format(**values)
    # Nobody asked them which language they read: both, the workspace's first.
    text = "\n* * *\n\n".join(letter.format(**values) for letter in (words.LETTER[::-1] if chinese else words.LETTER))
    return Letter(lease.survey_id, address, subject, text, tx.actor.language)


async def sent(tx: Transaction, lease: Lease) -> bool:
    """The mail server has it. False, and nothing is written, where the lease is lost."""
    if await tx.row(_look(), survey_id=lease.survey_id, lease_id=lease.lease_id) is None:
        return False
    await record(tx, events.SENT, _sent(), id=lease.survey_id)
    await tx.rows(_forget(), survey_id=lease.survey_id)
    return True


async def failed(tx: Transaction, lease: Lease, error: str, wait: timedelta | None) -> bool:
    """It did not go: tried again after ``wait``, or given to somebody to hand over. False where the lease is lost."""
    if await tx.row(_look(), survey_id=lease.survey_id, lease_id=lease.lease_id) is None:
        return False
    if wait is None:
        await _end(tx, lease, events.NOT_MAILED, "to_hand_over", error=error)
    else:
        await tx.rows(_again(), survey_id=lease.survey_id, wait=wait)
    return True


def page_of(public_url: str, token: str) -> str:
    """Where whoever has the link answers."""
    return f"{public_url}/v1/public/surveys/{token}/page"


def plain(text: str) -> str:
    """What people wrote, on one line and without anything that moves or hides what follows."""
    shown = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
    return " ".join(shown.split())[:LONGEST_SHOWN]


async def _why_not(tx: Transaction, row: Any) -> str | None:
    """Why the person is not asked now; None when they are."""
    if not row["is_closed"]:
        return "reopened"
    if row["contact_id"] is None:
        return None
    await tx.rows(one_asks_at_a_time(), whom=str(row["contact_id"]))
    verdict = await ask(tx, row["contact_id"], "surveys")
    if not verdict.allowed:
        return verdict.because
    lately = await tx.value(asked_lately(), survey_id=row["id"], contact_id=row["contact_id"])
    return "asked_lately" if lately else None


async def _end(
    tx: Transaction, lease: Lease, event: str, state: str, *, because: str | None = None, error: str | None = None
) -> None:
    values: dict[str, Any] = {"new_state": state, "new_skipped_because": because, "new_error": error}
    await record(tx, event, _settle(), id=lease.survey_id, **values)
    await tx.rows(_forget(), survey_id=lease.survey_id)


@statement
def _anything_due() -> Select[Any]:
    """By one probe of an index: however many wait for tomorrow, nobody reads them."""
    first = select(_o.next_at).order_by(_o.next_at).limit(1)
    return select(first.scalar_subquery() <= func.now())


@statement
def _claim() -> Update:
    taken = taken_in_turns(owed_surveys, _waits, ["survey_id"], ["next_at"])
    return (
        update(owed_surveys)
        .where(_o.workspace_id == taken.c.workspace_id, _o.survey_id == taken.c.survey_id)
        .values(
            lease_id=func.gen_random_uuid(),
            leased_until=func.clock_timestamp() + literal(LEASE),
            attempts=_o.attempts + 1,
        )
        .returning(_o.workspace_id, _o.survey_id, _o.lease_id, _o.attempts)
    )


def _waits(owed: FromClause) -> ColumnElement[bool]:
    c = owed.c
    return and_(c.next_at <= func.now(), or_(c.lease_id.is_(None), c.leased_until < func.now()))


@statement
def _look() -> Select[Any]:
    """The survey behind the lease, locked, with whom it is about."""
    c, p, w = complaints.c, contacts.c, workspaces.c
    source = (
        owed_surveys.join(surveys, and_(_s.workspace_id == _o.workspace_id, _s.id == _o.survey_id))
        .join(complaints, and_(c.workspace_id == _s.workspace_id, c.id == _s.complaint_id))
        .join(workspaces, w.workspace_id == _s.workspace_id)
        .outerjoin(contacts, and_(p.workspace_id == _s.workspace_id, p.id == _s.contact_id))
    )
    is_closed = and_(c.state == "closed", c.reopened_count == _s.closing)
    return (
        select(
            _s.id, _s.contact_id, is_closed.label("is_closed"), c.number, p.name, p.emails, w.name.label("company"),
            func.now().label("now"),
        )
        .select_from(source)
        .where(
            _o.workspace_id == bindparam("workspace_id", type_=Uuid),
            _o.survey_id == bindparam("survey_id", type_=Uuid),
            _o.lease_id == bindparam("lease_id", type_=Uuid),
        )
        .with_for_update(of=[owed_surveys, surveys])
    )  # fmt: skip


def _this() -> tuple[Any, Any]:
    return _s.workspace_id == bindparam("workspace_id", type_=Uuid), _s.id == bindparam("survey_id", type_=Uuid)


def _owed() -> tuple[Any, Any]:
    return _o.workspace_id == bindparam("workspace_id", type_=Uuid), _o.survey_id == bindparam("survey_id", type_=Uuid)


@statement
def _begin() -> Update:
    """From here on somebody may have the link: it counts as asked, and is taken when it comes back."""
    valid = func.make_interval(0, 0, 0, bindparam("surveys_valid_days", type_=Integer))
    values = {
        "state": "sending",
        "token_hash": bindparam("token_hash", type_=LargeBinary),
        "asked_at": func.now(),
        "expires_at": func.now() + valid,
        "version": _s.version + 1,
        "updated_at": func.now(),
    }
    return update(surveys).where(*_this()).values(values)


@statement
def _sent() -> Insert:
    """Nothing where they have answered already: mail is quick."""
    return changing(SURVEY, Sight.ALL, (), _s.state == "sending", values={"state": "sent", "via": "email"})


@statement
def _settle() -> Insert:
    return changing(
        SURVEY, Sight.ALL, ("state", "skipped_because", "error"), _s.state.in_(("planned", "sending", "to_hand_over"))
    )


@statement
def _again() -> Update:
    wait = bindparam("wait", type_=Interval)
    return update(owed_surveys).where(*_owed()).values(next_at=func.now() + wait, lease_id=null(), leased_until=null())


@statement
def _forget() -> Delete:
    return delete(owed_surveys).where(*_owed())
