"""Reading a workbook (XLSX): its first sheet becomes comma-separated values, and goes the way of those.

A workbook is a ZIP of XML, so a small one can claim to be enormous. What it unfolds to, its parts, its rows and its
cells are bounded before and while it is read, and XML that defines entities is refused.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from io import BytesIO, StringIO
from typing import Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile, ZipFile

from defusedxml.common import DefusedXmlException
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from crm.errors import invalid

ZIP = b"PK\x03\x04"
MOST_PARTS = 500
MOST_BYTES = 200 * 1024 * 1024
MOST_TEXT = 64 * 1024 * 1024
MOST_ROWS = 300_000
MOST_CELLS = 3_000_000
MOST_COLUMNS = 201
LONGEST_CELL = 40_000


def as_csv(content: bytes) -> bytes:
    """The first sheet that can be seen, a line for each row. Raises 422 for what is no workbook, or too large a one.

    Dates are written as ISO 8601, whole numbers without a fraction, formulas as what they last came to. A line break
    inside a cell becomes a space, so that a line's number is its row's.
    """
    try:
        _bounded(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheets = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        if not sheets:
            raise invalid("file", "The workbook has no sheet that can be seen.", "empty")
        sheet = sheets[0]
        # What it says of its own size may be wrong, in either direction.
        sheet.reset_dimensions()
        text = StringIO()
        csv.writer(text, lineterminator="\n").writerows(_rows(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)))
    except (
        BadZipFile, InvalidFileException, ParseError, DefusedXmlException, KeyError, ValueError, TypeError, OSError,
        IndexError, AttributeError, NotImplementedError, RuntimeError, OverflowError, EOFError,
    ) as error:  # fmt: skip
        # A library that reads a broken file may stumble in many ways; none of them is ours.
        raise invalid(
            "file", "This workbook cannot be read. Save it as CSV and send that.", "not_a_workbook"
        ) from error
    return text.getvalue().encode()


def _bounded(content: bytes) -> None:
    with ZipFile(BytesIO(content)) as parts:
        found = parts.infolist()
        strings = sum(part.file_size for part in found if part.filename.endswith("sharedStrings.xml"))
        # The reader never gives more of a part than it claims here.
        if len(found) > MOST_PARTS or sum(part.file_size for part in found) > MOST_BYTES or strings > MOST_TEXT:
            raise _too_large()


def _rows(rows: Iterable[tuple[Any, ...]]) -> Iterator[list[str]]:
    cells = width = 0
    for number, row in enumerate(rows, 1):
        cells += len(row)
        if number > MOST_ROWS or cells > MOST_CELLS:
            raise _too_large()
        texts = [_text(cell) for cell in row]
        while texts and not texts[-1]:
            texts.pop()
        # The first row that says anything is the heading; the others are as wide, whatever they leave empty.
        width = width or len(texts)
        yield texts + [""] * (width - len(texts)) if texts else texts


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return " ".join(str(cell)[:LONGEST_CELL].replace("\x00", "").splitlines())


def _too_large() -> Exception:
    return invalid("file", "This workbook is too large. Save it as CSV and send that.", "too_large")
