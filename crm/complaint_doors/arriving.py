"""Mails that a gateway hands over: whoever signs them is known, whoever wrote them is not.

An answer to a mail of a complaint, or one that names its number and comes from who complained, is a word more to that
complaint. The number alone is no proof: numbers can be guessed, and would let anybody write into any case.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, LargeBinary, Select, Text, Uuid, any_, bindparam, func, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.complaint_doors import arrivals
from crm.complaint_doors.actions import place_of_secret
from crm.complaint_doors.mail import Mail
from crm.complaint_doors.models import complaint_arrivals
from crm.complaint_doors.opening import Opened
from crm.complaint_doors.schemas import MailTaken
from crm.complaint_doors.senders import known_by
from crm.complaint_doors.vouching import is_vouched_for
from crm.complaints import receiving
from crm.complaints.models import complaints
from crm.complaints.taking import Sent, take
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.database import Access, Database, Transaction, statement
from crm.errors import Unavailable
from crm.sealing import Sealer
from crm.strangers import limits
from crm.strangers.limits import Rate
from crm.webhooks.signing import ID_HEADER, SignatureInvalid, verify
from crm.workspaces import throttle
from crm.workspaces.ids import new_id

PER_PROOF = Rate(6000, timedelta(minutes=10))
WRONG = 1000
"""Proofs from one address for one inbox, and what a wrong one costs beside itself: six at once, then one in 100 s. An
inbox whose gateway has a wrong secret holds up no other inbox of the same gateway.
"""
PER_INBOX = Rate(600, timedelta(hours=1))
"""Mails into one inbox: more than people write, and no more than they can look at in a day."""

AGAIN = timedelta(days=7)
"""For so long a gateway hands a mail over again because of files that could not be kept."""

_NUMBER = re.compile(r"(?<![0-9])(20[0-9]{2}-[0-9]{6,9})(?![0-9])")
NO_SUBJECT = ("(no subject)", "（无主题）")
NO_TEXT = ("(no text)", "（无正文）")
UNPROVEN = ("[Sender not verified: {}]", "［发件人未经验证：{}］")
FILES = ("Attached, not kept: {}", "附件（未保存）：{}")


async def proven(
    database: Database, opened: Opened, sealer: Sealer, headers: Mapping[str, str], body: bytes, address: str
) -> str:
    """Raise ``SignatureInvalid`` unless this was signed with a living secret of the inbox, just now; gives its id.

    Wrong ones are counted by where they come from: ``TooManyRequests``.
    """
    place = throttle.of_address(address)
    if place is None:
        return _proven(opened, sealer, headers, body)
    subject = f"proof:{opened.id}:{place}"
    await limits.enter(database, subject, PER_PROOF)
    try:
        return _proven(opened, sealer, headers, body)
    except SignatureInvalid:
        await limits.charge(database, subject, PER_PROOF, WRONG)
        raise


def _proven(opened: Opened, sealer: Sealer, headers: Mapping[str, str], body: bytes) -> str:
    row = opened.row
    sealed = [row["secret"]]
    if row["previous_secret"] is not None and row["previous_secret_until"] > datetime.now(UTC):
        sealed.append(row["previous_secret"])
    place = place_of_secret(opened.actor.workspace_id, opened.id)
    for one in sealed:
        try:
            verify(sealer.open(one, place).decode(), headers, body)
        except SignatureInvalid:
            continue
        return headers[ID_HEADER]
    raise SignatureInvalid


class Taken(NamedTuple):
    """What became of a mail: what its gateway hears, under which id it arrived, and whose files it may bring.

    ``complaint_id`` is null where it is of no complaint, and for a mail that comes again after ``AGAIN``: by then its
    files were kept, or taken out since.
    """

    answer: MailTaken
    arrival_id: UUID
    complaint_id: UUID | None


async def take_in(database: Database, opened: Opened, key: str, read: Mail, *, refused: Sequence[str]) -> Taken:
    """Make of a mail what it is: a complaint, a word more to one, or nothing.

    ``refused`` are the names of its files that will not be kept. A mail that was handed over before changes nothing,
    whenever that was. Raises ``TooManyRequests``.
    """
    before = await arrivals.earlier_mail(database.writing(opened.actor), opened.id, key, read.fingerprint)
    if before is not None:
        return _as_before(before)
    await limits.enter(database, f"inbox:{opened.id}", PER_INBOX)
    async with database.transaction(opened.actor) as tx:
        arrival_id = await new_id(tx)
        known = {"id": arrival_id, "inbox_id": opened.id, "message_hash": read.message_hash}
        if read.automatic:
            if await arrivals.note(tx, "ignored", read.fingerprint, key, **known):
                return Taken(MailTaken(outcome="ignored", reference=None, repeated=False), arrival_id, None)
        elif (found := await _answered(tx, read)) is not None:
            if await arrivals.note(tx, "added", read.fingerprint, key, complaint_id=found["id"], **known):
                await _add(tx, opened, found, read, refused)
                answer = MailTaken(outcome="added", reference=found["number"], repeated=False)
                return Taken(answer, arrival_id, found["id"])
        else:
            complaint_id = await new_id(tx)
            if await arrivals.note(tx, "received", read.fingerprint, key, complaint_id=complaint_id, **known):
                number = await _begin(tx, opened, read, complaint_id, refused)
                answer = MailTaken(outcome="received", reference=number, repeated=False)
                return Taken(answer, arrival_id, complaint_id)
        before = await arrivals.earlier_mail(tx, opened.id, key, read.fingerprint)
    if before is None:
        raise Unavailable(headers={"Retry-After": "1"})
    return _as_before(before)


async def _begin(tx: Transaction, opened: Opened, read: Mail, complaint_id: UUID, refused: Sequence[str]) -> str:
    values: dict[str, Any] = {
        "id": complaint_id,
        "channel": "email",
        "sender": "verified" if is_vouched_for(read, opened.row["authserv_id"]) else "claimed",
        "received_at": datetime.now(UTC),
        "subject": read.subject or _first(tx, NO_SUBJECT),
        "description": _told(tx, read, refused),
    }
    said = {"name": read.name, "email": read.sender}
    if any(said.values()):
        values["complainer"] = {name: value for name, value in said.items() if value}
    if opened.row["team_id"] is not None:
        values["team_id"] = opened.row["team_id"]
    if read.sender and opened.row["match_senders"]:
        values |= await known_by(tx, read.sender)
    taken = await receiving.take_down(tx, values)
    number: str = orjson.loads(taken.body)["number"]
    return number


async def _add(tx: Transaction, opened: Opened, found: Any, read: Mail, refused: Sequence[str]) -> None:
    """A word more. Where the customer's answer was waited for, it is waited for no longer.

    Where the mail server says of senders whether they are who they say, it is marked that it did not of this one.
    """
    note = _told(tx, read, refused)
    authserv_id = opened.row["authserv_id"]
    if authserv_id is not None and not is_vouched_for(read, authserv_id):
        note = f"{_first(tx, UNPROVEN).format(read.sender or '?')}\n\n{note}"
    sent = Sent(note=note)
    await take(tx, "reply", found["id"], sent)
    if found["state"] == "waiting_customer":
        await take(tx, "resume", found["id"], Sent())


def _told(tx: Transaction, read: Mail, refused: Sequence[str]) -> str:
    text = read.text or _first(tx, NO_TEXT)
    if refused:
        text = f"{text}\n\n{_first(tx, FILES).format(', '.join(refused))}"
    return text


def _first(tx: Transaction, pair: tuple[str, str]) -> str:
    return pair[1] if tx.actor.language.startswith("zh") else pair[0]


def _as_before(before: Any) -> Taken:
    answer = MailTaken(outcome=before["outcome"], reference=before["number"], repeated=True)
    lately = before["created_at"] > datetime.now(UTC) - AGAIN
    return Taken(answer, before["id"], before["complaint_id"] if lately else None)


async def _answered(access: Access, read: Mail) -> Any:
    """The complaint that this mail is a word more to, if any: its id, number and state."""
    if read.answers and (found := await access.row(_by_message(), hashes=read.answers)) is not None:
        return found
    number = _NUMBER.search(read.subject)
    if number is None or read.sender is None:
        return None
    sender = read.sender.lower()
    return await access.row(_by_number(), number=number[1], sender=sender, spellings=sorted({sender, read.sender}))


@statement
def _by_message() -> Select[Any]:
    c, a = complaints.c, complaint_arrivals.c
    return (
        select(c.id, c.number, c.state)
        .join(complaint_arrivals, (a.workspace_id == c.workspace_id) & (a.complaint_id == c.id))
        .where(
            a.workspace_id == bindparam("workspace_id", type_=Uuid),
            a.inbox_id.is_not(None),
            a.message_hash == any_(bindparam("hashes", type_=ARRAY(LargeBinary))),
        )
        .order_by(a.created_at.desc())
        .limit(1)
    )


@statement
def _by_number() -> Select[Any]:
    c = complaints.c
    sender = bindparam("sender", type_=Text)
    return select(c.id, c.number, c.state).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.number == bindparam("number", type_=Text),
        or_(func.lower(c.complainer["email"].astext) == sender, _is_contacts(), _is_customers(sender)),
    )


def _is_contacts() -> ColumnElement[bool]:
    c, k = complaints.c, contacts.c
    has = k.emails.overlap(bindparam("spellings", type_=ARRAY(Text)))
    return (
        select(k.id).where(k.workspace_id == c.workspace_id, k.id == c.contact_id, has).correlate(complaints).exists()
    )


def _is_customers(sender: ColumnElement[str]) -> ColumnElement[bool]:
    c, k = complaints.c, customers.c
    has = func.lower(k.email) == sender
    return (
        select(k.id).where(k.workspace_id == c.workspace_id, k.id == c.customer_id, has).correlate(complaints).exists()
    )
