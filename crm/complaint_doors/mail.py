"""A message as RFC 5322 has it, made into what a complaint needs. Strangers write it, so it is measured first.

The parser of the standard library is quick for honest mails. What it needs long for, or an endless depth of calls, is
refused before (``_measure``): a header with a hundred thousand parameters took it 44 s, and a body of a thousand
bodies in each other all of its stack.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from email.utils import parseaddr
from itertools import islice
from typing import NamedTuple

from crm.complaint_doors.errors import MailUnreadable
from crm.complaint_doors.texts import cleaned, first_lines, is_visible, one_line, plain
from crm.fields import is_plain_email

LARGEST = 10 * 1024 * 1024
MOST_LINES = 200_000
MOST_PARTS = 2_000
MOST_NESTED = 50
LONGEST_HEADER = 4_096
LONGEST_TEXT = 20_000
LONGEST_SUBJECT = 200
MOST_NAMES = 20
READ = 512 * 1024
"""Bytes of one part that are read as text."""

_HEADER = re.compile(rb"^[!-9;-~]{1,200}:[^\n]*(?:\n[ \t][^\n]*)*", re.MULTILINE)
_NESTS = re.compile(rb"^content-type:\s*(?:multipart|message)/", re.MULTILINE | re.IGNORECASE)
_LIKELY_HEADER = re.compile(rb"(?:content-|mime-)", re.IGNORECASE)
_IDS = re.compile(r"<[^<>\s]{1,998}>")
_CHARSETS = re.compile(
    r"utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|(?:windows-|cp)125\d|cp936|gb2312|gb_2312-80|gbk|gb18030|"
    r"hz-gb-2312|big5|big5-hkscs|shift_jis|euc-jp|euc-kr|iso-2022-(?:jp|kr)|ks_c_5601-1987|koi8-[ru]|tis-620|"
    r"utf-16(?:le|be)?"
)
_GB = frozenset({"gb2312", "gb_2312-80", "gbk", "cp936"})
_ENCODINGS = frozenset({"", "7bit", "8bit", "binary", "base64", "quoted-printable"})
_SAFE = frozenset({"base64", "quoted-printable"})
_PARSER = BytesParser(policy=compat32)


class Attached(NamedTuple):
    """A file that came with a mail. Empty where it is written in a way that is not read."""

    name: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """What a mail says. ``sender`` is an address or None; ``answers`` are the hashes of the messages it answers.

    ``files`` are the names of what is attached, up to a point; ``attached`` the first of them with their content.
    ``authors`` are its ``From`` headers, of which an honest mail has one; ``results`` what servers wrote of its sender.
    """

    sender: str | None
    name: str | None
    subject: str
    text: str
    files: list[str]
    message_hash: bytes | None
    answers: list[bytes]
    automatic: bool
    fingerprint: bytes
    attached: list[Attached]
    authors: int
    results: list[str]


def parse(raw: bytes) -> Mail:
    """Read a message. Raises ``MailUnreadable``, and no other error whatever it is given. Takes a second at most."""
    lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    _measure(lines)
    try:
        message = _PARSER.parsebytes(lines)
        return _read(message)
    except (RecursionError, ValueError, TypeError, LookupError, AttributeError, MessageError) as error:
        raise MailUnreadable from error


def hash_of(message_id: str) -> bytes:
    """By which a mail is known to answer another one: the address in its angles is nobody's business."""
    return hashlib.sha256(message_id.encode("utf-8", "replace")).digest()


def _measure(lines: bytes) -> None:
    """Refuse what no mail program writes and no parser bears."""
    if len(lines) > LARGEST or lines.count(b"\n") > MOST_LINES or lines.count(b"\n--") > MOST_PARTS:
        raise MailUnreadable
    head = lines.partition(b"\n\n")[0]
    if len(head) > 64 * LONGEST_HEADER or not _HEADER.match(head):
        raise MailUnreadable
    for found in _HEADER.finditer(head):
        if len(found[0]) > 16 * LONGEST_HEADER:
            raise MailUnreadable
    nested = 0
    for found in _HEADER.finditer(lines):
        if _LIKELY_HEADER.match(found[0]):
            if len(found[0]) > LONGEST_HEADER:
                raise MailUnreadable
            nested += bool(_NESTS.match(found[0]))
    if nested > MOST_NESTED:
        raise MailUnreadable


def _read(message: Message) -> Mail:
    name, address = parseaddr(_words(message, "From"))
    text = _text(message)
    subject = one_line(_words(message, "Subject"), LONGEST_SUBJECT)
    ids = _IDS.findall(_header(message, "Message-ID"))
    answered = _IDS.findall(_header(message, "In-Reply-To")) + _IDS.findall(_header(message, "References"))[-20:]
    whole = "\0".join([ids[0] if ids else "", address, subject, text, _header(message, "Date")])
    return Mail(
        sender=address if is_plain_email(address) else None,
        name=one_line(name, 200) or None,
        subject=subject,
        text=text,
        files=first_lines([name for name, _ in _files(message)], MOST_NAMES),
        message_hash=hash_of(ids[0]) if ids else None,
        answers=[hash_of(one) for one in dict.fromkeys(answered)],
        automatic=_is_automatic(message),
        fingerprint=hashlib.sha256(whole.encode("utf-8", "replace")).digest(),
        attached=[Attached(name, _whole(part)) for name, part in islice(_files(message), MOST_NAMES)],
        authors=len(_headers(message, "From")),
        results=_headers(message, "Authentication-Results")[:MOST_NAMES],
    )


def _header(message: Message, name: str) -> str:
    """A header as it stands, the first of that name."""
    return next(iter(_headers(message, name)), "")


def _headers(message: Message, name: str) -> list[str]:
    """Headers as they stand, bounded. What is not ASCII is UTF-8 (RFC 6532), which the parser leaves as bytes."""
    wanted = name.lower()
    values = (str(value)[:LONGEST_HEADER] for key, value in message.raw_items() if key.lower() == wanted)
    found = (value.encode("ascii", "surrogateescape").decode("utf-8", "replace") for value in values)
    return [" ".join(value.split()) for value in found]


def _words(message: Message, name: str) -> str:
    """A header with its encoded words read (RFC 2047)."""
    written = _header(message, name)
    try:
        parts = decode_header(written)
    except (ValueError, MessageError):
        return written
    return "".join(part if isinstance(part, str) else _decoded(part, charset or "utf-8") for part, charset in parts)


def _text(message: Message) -> str:
    """The first part that is plain text; else the first that is HTML, as somebody would read it."""
    for kind, reads in (("text/plain", str), ("text/html", plain)):
        for part in message.walk():
            if part.is_multipart() or part.get_content_type() != kind or _file_name(part) is not None:
                continue
            text = cleaned(reads(_decoded(_content(part), part.get_content_charset() or "utf-8")), LONGEST_TEXT)
            if is_visible(text):
                return text
    return ""


def _content(part: Message) -> bytes:
    if str(part.get("Content-Transfer-Encoding", "")).strip().lower() not in _ENCODINGS:
        return b""
    content = part.get_payload(decode=True)
    return content[:READ] if isinstance(content, bytes) else b""


def _decoded(content: bytes, charset: str) -> str:
    """Bytes as text. Python knows encodings that are none of text, and some that take for ever: only usual ones."""
    named = charset.strip().strip('"').lower()
    if named in _GB:
        named = "gb18030"
    if not _CHARSETS.fullmatch(named):
        named = "utf-8"
    try:
        return content.decode(named, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _file_name(part: Message) -> str | None:
    """The name of an attached file; None for what is to be read."""
    disposition = (part.get_content_disposition() or "").lower()
    name = part.get_filename()
    if disposition != "attachment" and name is None:
        return None
    return one_line(name or "", 100) or "file"


def _files(message: Message) -> Iterator[tuple[str, Message]]:
    for part in message.walk():
        if not part.is_multipart() and (name := _file_name(part)) is not None:
            yield name, part


def _whole(part: Message) -> bytes:
    """All of an attached file. What is neither text nor encoded was changed at its ends of lines, and is not read."""
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding not in _SAFE and (encoding not in _ENCODINGS or part.get_content_maintype() != "text"):
        return b""
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _is_automatic(message: Message) -> bool:
    """Whether a machine wrote it (RFC 3834): an answer to it would go round in circles, and nobody complains."""
    said = _header(message, "Auto-Submitted").strip().lower()
    if said and not said.startswith("no"):
        return True
    if _header(message, "Return-Path").strip() == "<>" or _header(message, "Precedence").strip().lower() in {
        "bulk", "junk", "list", "auto_reply",
    }:  # fmt: skip
        return True
    return message.get_content_type() == "multipart/report" or bool(_header(message, "X-Autoreply"))
