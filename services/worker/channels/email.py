"""E-mail over SMTP: text and HTML in one message, whose id is the same over all attempts."""

import asyncio
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from email.utils import format_datetime

import aiosmtplib
from aiosmtplib import errors

from crm.channels.rules import Verdict
from crm.channels.settling import Report
from crm.channels.telling import as_html, as_text
from services.mail import Mail
from services.worker.channels.parcels import Means, Parcel

_LINE_LOST = (errors.SMTPServerDisconnected, errors.SMTPConnectError, errors.SMTPTimeoutError, OSError, TimeoutError)


async def email(means: Means, parcel: Parcel) -> Report:
    """Hand the message to the mail server. 4xx is tried again, 5xx about the recipient or the message is not."""
    if means.mail is None:
        return Report(Verdict.RETRY, error="MailNotSetUp")
    message = written(means.mail, parcel, means.unsubscribe_url(parcel.draft))
    return await hand_over(means.mail, str(parcel.draft.address), message)


async def hand_over(mail: Mail, address: str, message: EmailMessage) -> Report:
    """Hand a message for one address to the mail server."""
    client = _client(mail)
    try:
        async with asyncio.timeout(mail.deadline_seconds):
            return await _handed_over(client, mail, address, message)
    except errors.SMTPRecipientsRefused as error:
        return _judged(error.recipients[0].code, of_recipient=True, error=error)
    except errors.SMTPDataError as error:
        return _judged(error.code, of_recipient=True, error=error)
    except errors.SMTPResponseException as error:
        # Who we are, or how we ask, is what the server does not like: an operator's affair, not the recipient's.
        return _judged(error.code, of_recipient=False, error=error)
    except (errors.SMTPException, ssl.SSLError, *_LINE_LOST) as error:
        return Report(Verdict.RETRY, error=type(error).__name__)
    finally:
        client.close()


def written(mail: Mail, parcel: Parcel, unsubscribe_url: str | None) -> EmailMessage:
    """The message with its headers."""
    sent, told = parcel.draft, parcel.told
    domain = mail.sender.addr_spec.rpartition("@")[2]
    message = EmailMessage(POLICY)
    message["From"] = mail.sender
    message["To"] = Address(addr_spec=str(sent.address))
    message["Subject"] = told.subject
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{sent.message_id}@{domain}>"
    message["Auto-Submitted"] = "auto-generated"
    if sent.occasion != "code":
        if unsubscribe_url is not None:
            # One click without a page (RFC 8058).
            message["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        else:
            message["List-Unsubscribe"] = f"<mailto:{mail.sender.addr_spec}?subject=unsubscribe>"
    message.set_content(as_text(told), cte="quoted-printable")
    message.add_alternative(as_html(told), subtype="html", cte="quoted-printable")
    # Last: what is set before belongs to the first part.
    message["Content-Language"] = sent.language
    return message


def _client(mail: Mail) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(
        hostname=mail.host,
        port=mail.port,
        username=mail.username,
        password=None if mail.password is None else mail.password.get_secret_value(),
        use_tls=mail.security == "tls",
        start_tls=mail.security == "starttls",
        timeout=mail.deadline_seconds,
        tls_context=ssl.create_default_context() if mail.security != "none" else None,
    )


async def _handed_over(client: aiosmtplib.SMTP, mail: Mail, address: str, message: EmailMessage) -> Report:
    await client.connect()
    try:
        await client.send_message(message, sender=mail.sender.addr_spec, recipients=[address])
    except errors.SMTPSenderRefused as error:
        return _judged(error.code, of_recipient=False, error=error)
    with suppress(errors.SMTPException, OSError):
        # It has the message: how it takes our leave changes nothing.
        await client.quit()
    return Report(Verdict.SENT, 250)


def _judged(status: int, *, of_recipient: bool, error: Exception) -> Report:
    name = type(error).__name__
    if status < 500 or not of_recipient:
        return Report(Verdict.RETRY, status, error=name)
    return Report(Verdict.REFUSED, status, error=name)
