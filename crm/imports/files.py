"""Reading a file of comma-separated values as people's programs write it: its encoding, its delimiter, its lines."""

import codecs
import csv
import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from crm.errors import FieldError, invalid
from crm.search import normalized

DELIMITERS = (",", ";", "\t")
MOST_LINES = 200_000
MOST_COLUMNS = 200
LONGEST_HEADING = 100
LOOKED_AT = 20
AT_ONCE = 1 << 20
BOM = b"\xef\xbb\xbf"
OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"


_END_OF_ROW = re.compile(rb"\r\n|\n|\r")
"""No byte of a character of several bytes is one of these, in UTF-8 as in GB18030."""


class Rows:
    """The rows of a text, decoded when they are read: as texts, a hundred thousand take forty megabytes."""

    def __init__(self, content: bytes, encoding: str, start: int) -> None:
        """Find where each row ends; the first begins at ``start``."""
        self._content, self._encoding = content, encoding
        self._ends = array("Q", (start, *(found.end() for found in _END_OF_ROW.finditer(content, start))))
        if self._ends[-1] < len(content):
            self._ends.append(len(content))

    def __len__(self) -> int:
        """How many there are."""
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> str:
        """One row, with its end."""
        return self._content[self._ends[at] : self._ends[at + 1]].decode(self._encoding)


class Line(NamedTuple):
    """A line of the file: the number at which it begins (the heading is 1), its cells, what is wrong with its form."""

    number: int
    cells: tuple[str, ...]
    wrong: FieldError | None = None


class _Record(NamedTuple):
    begins: int
    cells: tuple[str, ...]
    ends: int
    broken: bool = False


@dataclass(frozen=True)
class Sheet:
    """A file that can be read as a whole."""

    encoding: str
    delimiter: str
    headings: tuple[str, ...]
    rows: Rows
    heading_ends: int

    def lines(self) -> Iterator[Line]:
        """Every line after the heading that holds anything, in order; the same ones each time."""
        width = len(self.headings)
        for record in _records(self.rows, self.heading_ends, self.delimiter):
            number, cells = record.begins + 1, record.cells
            if record.broken:
                wrong = "A quotation mark is opened and not closed, or text follows a closed one."
                yield Line(number, cells, FieldError("", wrong, "malformed_line"))
            elif any(cells):
                if len(cells) > width and not any(cells[width:]):
                    cells = cells[:width]
                if len(cells) == width:
                    yield Line(number, cells)
                else:
                    wrong = f"This line has {len(cells)} cells, the heading has {width}."
                    yield Line(number, cells, FieldError("", wrong, "ragged_line"))


def opened(content: bytes) -> Sheet:
    """The file, read as far as its heading. Raises 422 for one that cannot be read as a whole."""
    encoding, start = _encoding(content)
    rows = Rows(content, encoding, start)
    delimiter = max(DELIMITERS, key=lambda one: _likely(rows, one))
    heading = next((record for record in _records(rows, 0, delimiter) if any(record.cells)), None)
    if heading is None or heading.broken:
        raise invalid("file", "The first line must name the columns.", "heading_missing")
    return Sheet(encoding, delimiter, _headings(heading.cells), rows, heading.ends)


def counted(sheet: Sheet) -> int:
    """How many lines there are. Raises 422 for more than we take, and for none."""
    count = sum(1 for _ in islice(sheet.lines(), MOST_LINES + 1))
    if count > MOST_LINES:
        raise invalid("file", f"At most {MOST_LINES} lines are taken in one file.", "too_many_lines")
    if count == 0:
        raise invalid("file", "There is no line below the heading.", "empty")
    return count


def _encoding(content: bytes) -> tuple[str, int]:
    """The encoding, and where the text starts."""
    if content.startswith(OLD_WORKBOOK):
        wrong = "This is an old or protected workbook. Save it as XLSX or CSV, without a password, and send that."
        raise invalid("file", wrong, "not_csv")
    for encoding, start in (("utf-8", len(BOM) if content.startswith(BOM) else 0), ("gb18030", 0)):
        if not _is_text(content, encoding):
            continue
        if b"\x00" in content:
            raise invalid("file", "Text must not contain NUL characters.", "nul_character")
        return encoding, start
    raise invalid("file", "The text is neither UTF-8 nor GB18030.", "encoding_unknown")


def _is_text(content: bytes, encoding: str) -> bool:
    """Whether all of it is text in this encoding; a piece at a time, so that it is not in memory a second time."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for at in range(0, len(content), AT_ONCE):
            decoder.decode(content[at : at + AT_ONCE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _likely(rows: Rows, delimiter: str) -> tuple[bool, float, int]:
    """How well a delimiter fits: it parts the heading, and the lines below into as many cells."""
    looked = [len(record.cells) for record in islice(_records(rows, 0, delimiter), LOOKED_AT) if any(record.cells)]
    if not looked or looked[0] < 2:
        return False, 0, 0
    return True, looked.count(looked[0]) / len(looked), looked[0]


def _headings(cells: tuple[str, ...]) -> tuple[str, ...]:
    headings = [cell.strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if len(headings) > MOST_COLUMNS:
        raise invalid("file", f"At most {MOST_COLUMNS} columns are taken.", "too_many_columns")
    seen: set[str] = set()
    for heading in headings:
        key = normalized(heading) or heading
        if not heading:
            raise invalid("file", "A column has no heading.", "heading_empty")
        if len(heading) > LONGEST_HEADING:
            raise invalid("file", f"A heading has at most {LONGEST_HEADING} characters.", "heading_too_long")
        if key in seen:
            raise invalid("file", "Two columns have the same heading.", "heading_duplicate")
        seen.add(key)
    return tuple(headings)


def _records(rows: Rows, start: int, delimiter: str) -> Iterator[_Record]:
    """Records with the rows that each spans. After a broken one it goes on with the row below its first."""
    at = start
    while at < len(rows):
        first = at
        reader = csv.reader(map(rows.__getitem__, range(first, len(rows))), delimiter=delimiter, strict=True)
        try:
            for cells in reader:
                ends = first + reader.line_num
                yield _Record(at, tuple(cells), ends)
                at = ends
        except csv.Error:
            yield _Record(at, (rows[at].rstrip("\r\n"),), at + 1, broken=True)
            at += 1
