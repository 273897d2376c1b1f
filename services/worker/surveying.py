"""Round: surveys that are due are mailed, a few at a time, with nothing open in Postgres meanwhile."""

import asyncio
import logging
import random
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime

from crm.channels.rules import Verdict, next_try
from crm.channels.settling import Report
from crm.database import EVERYWHERE
from crm.surveys import mailing
from crm.surveys.mailing import Lease, Letter
from services.mail import Mail
from services.worker.channels.email import hand_over
from services.worker.rounds import Worker

SECONDS = (8.0, 12.0)
SHARE = 3
"""So many of one workspace in a round."""
MOST = 6
"""At a time: what one mail server takes its time for holds up no more than a round."""

logger = logging.getLogger("rapport.worker.surveying")


async def send_surveys(worker: Worker) -> bool:
    """Mail what is due, each in its workspace; what one of them meets holds up no other."""
    turn = worker.turns["send surveys"]
    claimed = worker.database.writing(EVERYWHERE)
    found = await mailing.claim(claimed, after=turn.after, share=SHARE, most=MOST)
    await asyncio.gather(*(_carry_out(worker, lease) for lease in found))
    return turn.next([lease.workspace_id for lease in found], share=SHARE, most=MOST)


async def _carry_out(worker: Worker, lease: Lease) -> None:
    try:
        await send(worker, lease)
    except Exception as error:  # Whatever it is, it is this survey's own; the others must not wait for it.
        # Not its text: it may name an address.
        facts = {"survey_id": lease.survey_id, "error": type(error).__name__}
        logger.error("a survey went wrong; it is put off", extra={"facts": facts})
        await _put_off(worker, lease, Report(Verdict.RETRY, error=type(error).__name__))


async def send(worker: Worker, lease: Lease) -> None:
    """Mail one survey, if it may be."""
    actor = await worker.actor(lease.workspace_id)
    mail, public_url = worker.settings.mail, worker.settings.public_url
    async with worker.database.transaction(actor) as tx:
        letter = await mailing.prepare(tx, lease, worker.links, None if mail is None else public_url)
    if letter is None or mail is None:
        return
    report = await hand_over(mail, letter.address, written(mail, letter))
    if report.verdict is not Verdict.SENT:
        await _put_off(worker, lease, report)
        return
    async with worker.database.transaction(actor) as tx:
        await mailing.sent(tx, lease)


async def _put_off(worker: Worker, lease: Lease, report: Report) -> None:
    """Tried again in a while; after the last attempt, and where the address is refused, somebody hands it over."""
    wait = next_try(lease.attempts, random.Random()) if report.verdict is Verdict.RETRY else None
    async with worker.database.transaction(await worker.actor(lease.workspace_id)) as tx:
        await mailing.failed(tx, lease, report.error or "Refused", wait)


def written(mail: Mail, letter: Letter) -> EmailMessage:
    """The letter with its headers; its id is the same over all attempts."""
    message = EmailMessage(POLICY)
    message["From"] = mail.sender
    message["To"] = Address(addr_spec=letter.address)
    message["Subject"] = letter.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<survey-{letter.survey_id}@{mail.sender.addr_spec.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, cte="quoted-printable")
    message["Content-Language"] = "zh-CN, en" if letter.language == "zh-CN" else "en, zh-CN"
    return message
