"""What a message says: a subject, lines of plain text, and HTML. Whatever people wrote is made harmless here."""

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from crm.channels.letters import Draft, Item
from crm.channels.words import Words, words_for

LONGEST_TITLE = 200
SHOWN_IN_EMAIL = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A message in words."""

    subject: str
    lines: Sequence[str]
    """One per notification, harmless in plain text; how many go out is up to the channel (``fitting``)."""
    more: str
    """Says how many were left out, with ``{count}``."""
    footer: str


def told(sent: Draft, items: Sequence[Item], code: str | None = None) -> Told:
    """The message in the language and by the clock of whoever is told."""
    words = words_for(sent.language)
    if sent.occasion == "code":
        return Told(words.code_subject.format(code=code), [words.code.format(code=code)], words.more, "")
    if sent.occasion == "test":
        return Told(words.test_subject, [words.test], words.more, words.footer)
    lines = [_line(sent, item) for item in items]
    return Told(_subject(words, items), lines, words.more, words.footer)


def plain(text: str) -> str:
    """Text on one line, without control and format characters: nothing in it moves, hides or reverses what follows."""
    shown = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text)
    one_line = " ".join(shown.split())
    return one_line if len(one_line) <= LONGEST_TITLE else one_line[: LONGEST_TITLE - 1] + "…"


def fitting(message: Told, most_bytes: int) -> str:
    """The subject and as many lines as fit into so many bytes of UTF-8, and how many were left out."""
    head = message.subject
    kept: list[str] = []
    room = most_bytes - len(head.encode()) - len(message.more.format(count=len(message.lines)).encode()) - 2
    for line in message.lines:
        room -= len(line.encode()) + 1
        if room < 0:
            break
        kept.append(line)
    left = len(message.lines) - len(kept)
    tail = [message.more.format(count=left)] if left else []
    return "\n".join([head, *kept, *tail])


def as_html(message: Told) -> str:
    """The message as HTML; everything in it is escaped."""
    shown, left = message.lines[:SHOWN_IN_EMAIL], len(message.lines) - SHOWN_IN_EMAIL
    lines = "".join(f"<li>{html.escape(line)}</li>" for line in shown)
    more = f"<p>{html.escape(message.more.format(count=left))}</p>" if left > 0 else ""
    footer = f'<p style="color:#667">{html.escape(message.footer)}</p>' if message.footer else ""
    return (
        '<!doctype html><html><head><meta charset="utf-8"></head>'
        f'<body style="font-family:sans-serif"><h1 style="font-size:18px">{html.escape(message.subject)}</h1>'
        f"<ul>{lines}</ul>{more}{footer}</body></html>"
    )


def as_text(message: Told) -> str:
    """The message as plain text, for mail."""
    shown, left = message.lines[:SHOWN_IN_EMAIL], len(message.lines) - SHOWN_IN_EMAIL
    more = [message.more.format(count=left)] if left > 0 else []
    footer = ["", "-- ", message.footer] if message.footer else []
    return "\n".join([*(f"* {line}" for line in shown), *more, *footer]) + "\n"


def _subject(words: Words, items: Sequence[Item]) -> str:
    if len(items) == 1:
        return f"{words.product}: {plain(items[0].title)}"
    return f"{words.product}: {words.many.format(count=len(items))}"


def _line(sent: Draft, item: Item) -> str:
    whose = f"{plain(item.user_name)}: " if sent.shared else ""
    return f"{_at(item.created_at, sent.ways.timezone)} {whose}{plain(item.title)}"


def _at(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%m-%d %H:%M}"
