"""The notice of a year (国务院办公厅关于节假日安排的通知), as somebody has written down its days."""

import csv
from collections.abc import Sequence
from datetime import date
from io import StringIO

from crm.calendars.hours import SpecialDay
from crm.calendars.schemas import NoticeDay
from crm.calendars.vocabulary import DayKind
from crm.errors import invalid

_KINDS: dict[str, DayKind] = {
    "holiday": "holiday", "休": "holiday", "放假": "holiday", "workday": "workday", "班": "workday", "上班": "workday",
}  # fmt: skip
MOST_ROWS = 400


def read_notice(year: int, listed: Sequence[NoticeDay] | None, text: str | None) -> dict[date, SpecialDay]:
    """The days of a notice, from a list or from CSV with the columns day, kind and name.

    New Year's days off may begin in the last days of the year before. Raises 422 naming the row: a day of another
    year, one that stands there twice, a kind nobody knows.
    """
    if text is not None:
        rows = _rows(text)
    else:
        rows = [(f"days/{i}", each.day, each.kind, each.name) for i, each in enumerate(listed or ())]
    days: dict[date, SpecialDay] = {}
    for at, day, kind, name in rows:
        if not date(year - 1, 12, 25) <= day <= date(year, 12, 31):
            raise invalid(at, f"This day is not in {year}.", "other_year")
        if day in days:
            raise invalid(at, "This day stands here twice.", "twice")
        days[day] = SpecialDay(kind, name)
    if not any(special.kind == "holiday" for special in days.values()):
        raise invalid("csv" if text is not None else "days", "A notice has holidays.", "empty")
    return days


def _rows(text: str) -> list[tuple[str, date, DayKind, str | None]]:
    found: list[tuple[str, date, DayKind, str | None]] = []
    for number, cells in enumerate(csv.reader(StringIO(text.removeprefix("\ufeff"))), start=1):
        row = [cell.strip() for cell in cells]
        if not any(row) or (number == 1 and row[0].lower() in {"day", "date", "日期"}):
            continue
        at = f"csv/{number}"
        try:
            day = date.fromisoformat(row[0])
        except ValueError:
            raise invalid(at, "This row does not begin with a day such as 2027-01-01.") from None
        kind = _KINDS.get(row[1].lower() if len(row) > 1 else "")
        if kind is None:
            raise invalid(at, "The kind is holiday (休) or workday (班).")
        if len(found) == MOST_ROWS:
            raise invalid(at, f"A notice has at most {MOST_ROWS} days.", "too_many")
        found.append((at, day, kind, (row[2][:200] or None) if len(row) > 2 else None))
    return found
