"""What kind of file this is, by its content alone: names and declared types are what a sender says, not what is sent.

Only kinds on the list are taken. Pages and drawings that a browser would run (HTML, SVG) are not, nor are programs,
plain archives, and office files with macros; old binary office files are refused since they can hide macros.
"""

import re
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

LARGEST = 20 * 1024 * 1024
MOST_PARTS = 10_000
LONGEST_BEGINNING = 64

_OFFICE = "application/vnd.openxmlformats-officedocument."
_BY_PART = {
    "word/document.xml": f"{_OFFICE}wordprocessingml.document",
    "xl/workbook.xml": f"{_OFFICE}spreadsheetml.sheet",
    "ppt/presentation.xml": f"{_OFFICE}presentationml.presentation",
}
_BY_BEGINNING = (
    (re.compile(rb"%PDF-\d"), "application/pdf"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
    (re.compile(rb"....ftyp(?:heic|heix|mif1)", re.DOTALL), "image/heic"),
    (re.compile(rb"....ftypM4A ", re.DOTALL), "audio/mp4"),
    (re.compile(rb"....ftyp(?:isom|iso[2-6]|mp4[12]|avc1|qt  )", re.DOTALL), "video/mp4"),
    (re.compile(rb"ID3[\x02-\x04]"), "audio/mpeg"),
    (re.compile(rb"RIFF....WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"#!AMR"), "audio/amr"),
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f]")
_RUNS_IN_A_BROWSER = re.compile(r"<\s*(?:!doctype|html|head|body|script|svg|iframe|\?xml)", re.IGNORECASE)
_RUNS_IN_A_SHELL = re.compile(r"#!\s*/")

MEDIA_TYPES = frozenset({*_BY_PART.values(), *(kind for _, kind in _BY_BEGINNING), "text/plain"})


def media_type_of(content: BinaryIO) -> str | None:
    """The kind of file, where it is one that is taken; else None. Only text is read whole."""
    content.seek(0)
    begins = content.read(LONGEST_BEGINNING)
    for beginning, kind in _BY_BEGINNING:
        if beginning.match(begins):
            return kind
    if begins.startswith(b"PK\x03\x04"):
        return _office(content)
    return "text/plain" if begins and _is_plain(begins + content.read()) else None


def _office(content: BinaryIO) -> str | None:
    """A zip file is looked into by its table of contents alone: nothing is unpacked."""
    try:
        with ZipFile(content) as packed:
            parts = packed.namelist()
    except (BadZipFile, ValueError, NotImplementedError, OSError):
        return None
    if len(parts) > MOST_PARTS or any("vba" in part.lower() or "activex" in part.lower() for part in parts):
        return None
    if "[Content_Types].xml" not in parts:
        return None
    return next((kind for part, kind in _BY_PART.items() if part in parts), None)


def _is_plain(content: bytes) -> bool:
    """Text in UTF-8 that no browser and no shell would run."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not (_UNPRINTABLE.search(text) or _RUNS_IN_A_BROWSER.search(text) or _RUNS_IN_A_SHELL.match(text))
