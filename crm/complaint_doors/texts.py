"""Words of strangers made fit to be kept and shown: what is seen, and nothing that only turns, hides or breaks it."""

import html
import re
from itertools import islice

_MARKS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_EMPTY_LINES = re.compile(r"\n[ \t\n]*\n")
_TAG = re.compile(r"(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
_SILENT = frozenset({"script", "style", "head", "title", "template", "noscript"})
_BREAKING = frozenset(
    {"address", "blockquote", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "table", "tr",
     "ul"}
)  # fmt: skip


def cleaned(text: str, longest: int) -> str:
    """The text without control and direction marks and without halves of letters, at most two line breaks in a row."""
    text = text.encode("utf-8", "replace").decode()
    text = _MARKS.sub("", _BREAKS.sub("\n", text))
    lines = "\n".join(line.rstrip() for line in text.split("\n"))
    return _EMPTY_LINES.sub("\n\n", lines).strip()[:longest].rstrip()


def one_line(text: str, longest: int) -> str:
    """The text on one line, in the same manner."""
    return " ".join(cleaned(text, 4 * longest).split())[:longest].rstrip()


def is_visible(text: str) -> bool:
    """Whether there is anything to see in it."""
    return any(letter.isprintable() and not letter.isspace() for letter in text)


def plain(page: str) -> str:
    """What somebody would read who sees this HTML: text, with line breaks where blocks begin.

    One pass from the beginning to the end, whatever is not closed: libraries that build a tree need minutes for some
    pages of a megabyte. What it gives is text, and shown as text; a mistake here is ugly and not dangerous.
    """
    parts: list[str] = []
    at, end = 0, len(page)
    lower = page.lower()
    if len(lower) != end:  # Some letters have no single small one.
        lower = page
    while at < end:
        opening = page.find("<", at)
        if opening < 0:
            parts.append(page[at:])
            break
        parts.append(page[at:opening])
        tag = _TAG.match(page, opening + 1)
        if tag is None and page[opening + 1 : opening + 2] not in {"!", "?"}:
            parts.append("<")
            at = opening + 1
            continue
        name = tag[2].lower() if tag else ""
        close = "-->" if page.startswith("<!--", opening) else ">"
        closing = page.find(close, opening + 1)
        if closing >= 0 and name in _SILENT and tag is not None and not tag[1]:
            closing = lower.find(f"</{name}", closing)
            closing = page.find(">", closing) if closing >= 0 else -1
            close = ">"
        if closing < 0:
            break
        if name in _BREAKING:
            parts.append("\n")
        at = closing + len(close)
    # A number of thousands of digits is no letter, and costs as much as it is long.
    return html.unescape(_NUMBER.sub("", "".join(parts))).replace("\xa0", " ")


def first_lines(texts: list[str], most: int) -> list[str]:
    """At most so many of these, with a last one that says that there are more."""
    return [*islice(texts, most), "…"] if len(texts) > most else texts
