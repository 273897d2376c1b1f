"""The calendar of the worked examples (``domain.md`` B12, D7), without a database."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from crm.calendars.hours import OFFICE, SpecialDay
from crm.calendars.working_time import WorkingTime

SHANGHAI = ZoneInfo("Asia/Shanghai")


def _span(name: str, first: str, last: str) -> Iterator[tuple[date, SpecialDay]]:
    day = date.fromisoformat(f"2026-{first}")
    while day <= date.fromisoformat(f"2026-{last}"):
        yield day, SpecialDay("holiday", name)
        day += timedelta(days=1)


CHINA_2026 = dict(
    [
        *_span("元旦", "01-01", "01-03"),
        *_span("春节", "02-15", "02-23"),
        *_span("清明", "04-04", "04-06"),
        *_span("劳动节", "05-01", "05-05"),
        *_span("端午", "06-19", "06-21"),
        *_span("中秋", "09-25", "09-27"),
        *_span("国庆节", "10-01", "10-07"),
        *(
            (date.fromisoformat(f"2026-{day}"), SpecialDay("workday", name))
            for day, name in (
                ("01-04", "元旦"),
                ("02-14", "春节"),
                ("02-28", "春节"),
                ("05-09", "劳动节"),
                ("09-20", "国庆节"),
                ("10-10", "国庆节"),
            )
        ),
    ]
)

CHINA = WorkingTime("Asia/Shanghai", OFFICE, CHINA_2026)


def local(text: str) -> datetime:
    """``2026-09-30 16:30`` on the clocks of Shanghai."""
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)
