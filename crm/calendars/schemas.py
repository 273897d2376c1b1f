"""What crosses the boundary of calendars."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from crm.calendars.hours import Hours, minutes, ordered
from crm.calendars.vocabulary import DayKind, Reason, Source, YearState
from crm.fields import Moment, Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.workspaces.fields import OwnId, Zone

LONGEST = 366 * 24 * 60

TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"),
    Field(description="`24:00` is the end of the day.", examples=["09:00"]),
]
Country = Annotated[
    str,
    StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{2}$"),
    Field(description="ISO 3166-1, two letters.", examples=["CN"]),
]
Subdivision = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10)]
Day = Annotated[date, Field(ge=date(1900, 1, 1), lt=date(3000, 1, 1))]
Year = Annotated[int, Field(ge=2000, le=2100, examples=[2027])]


def _fit(parts: list[Any]) -> list[Any]:
    by_day: dict[int, list[Hours]] = {}
    for part in parts:
        hours = Hours(minutes(part.opens), minutes(part.closes))
        by_day.setdefault(getattr(part, "weekday", 0), []).append(hours)
    for hours_ in by_day.values():
        ordered(hours_)
    return parts


class OpenHours(BaseModel):
    """From when to when work is done, on the clocks of the calendar's zone."""

    model_config = like(opens="09:00", closes="12:00") | {"extra": "forbid"}

    opens: TimeOfDay
    closes: TimeOfDay


class WeekHours(OpenHours):
    """The same, on a day of the week."""

    model_config = like(weekday=1, opens="09:00", closes="12:00") | {"extra": "forbid"}

    weekday: Annotated[int, Field(ge=1, le=7, description="Monday is 1, Sunday 7.")]


DayHours = Annotated[list[OpenHours], Field(min_length=1, max_length=12), AfterValidator(_fit)]
Week = Annotated[
    list[WeekHours],
    Field(min_length=1, max_length=84, description="Lunch is the gap between two intervals of a day."),
    AfterValidator(_fit),
]

_EXAMPLE_WEEK = [
    {"weekday": weekday, "opens": opens, "closes": closes}
    for weekday in range(1, 6)
    for opens, closes in (("09:00", "12:00"), ("13:30", "18:00"))
]


class CalendarCreate(Sent):
    """A new calendar. With a `country`, it begins with that country's public holidays."""

    model_config = like(name="Service centre", timezone="Asia/Shanghai", country="CN", week=_EXAMPLE_WEEK)

    id: OwnId = None
    name: Name
    timezone: Zone
    country: Country | None = None
    subdivision: Subdivision | None = Field(default=None, description="A part with holidays of its own (`BY`).")
    week: Week


class CalendarUpdate(Sent):
    """What to change (JSON merge patch). The `week` is replaced as a whole."""

    model_config = like(name="Service centre", week=_EXAMPLE_WEEK)

    name: Name = kept()
    timezone: Zone = kept()
    week: Week = kept()


class CalendarRead(Shown):
    """When work is done: a week of hours in a zone; the days that are not as usual have a list of their own."""

    id: UUID
    name: str
    timezone: str
    country: str | None = Field(description="Whose public holidays it takes in by itself.")
    subdivision: str | None
    week: list[WeekHours]
    years: dict[str, YearState] = Field(
        description="What is known of each year's public holidays. `provisional`: only what is sure before the notice "
        "of that year; working days that are made up for are missing."
    )
    days_changed_at: datetime | None
    archived_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class CalendarFilter(Filter):
    """Which calendars, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"
    archived: bool = Field(default=False, description="Only the archived ones.")


class CalendarDayPut(Sent):
    """How a day differs from the week."""

    model_config = like(kind="hours", name="Stocktaking", hours=[{"opens": "09:00", "closes": "12:00"}])

    kind: DayKind = Field(
        description="`holiday`: closed. `workday`: worked although the week has it off; without `hours` like the last "
        "day before it that has any. `hours`: open at other hours."
    )
    name: Name | None = None
    hours: DayHours | None = None


class CalendarDayRead(Shown):
    """A day that is not as the week has it."""

    id: UUID
    calendar_id: UUID
    day: date
    kind: DayKind
    name: str | None
    hours: list[OpenHours] | None
    source: Source = Field(description="Somebody here, a package of public holidays, or the notice of the year.")
    provisional: bool = Field(description="It stands until the notice of the year is imported.")
    created_at: datetime
    updated_at: datetime
    version: int


class CalendarDayFilter(Filter):
    """Which days, and in what order."""

    sort: Literal["day", "-day"] = "day"
    day_gte: Day | None = None
    day_lte: Day | None = None
    kind: list[DayKind] | None = None


class HolidayImport(Sent):
    """Whose public holidays, of which year."""

    model_config = like(country="CN", year=2027)

    country: Country
    subdivision: Subdivision | None = None
    year: Year


class NoticeDay(Sent):
    """A day of a notice."""

    model_config = like(day="2027-02-06", kind="holiday", name="春节")

    day: Day
    kind: Literal["holiday", "workday"]
    name: Name | None = None


class NoticeImport(Sent):
    """The days of the year's notice: as a list, or as CSV with the columns day, kind, name."""

    model_config = like(
        year=2027, csv="day,kind,name\n2027-01-01,holiday,元旦\n2027-02-06,休,春节\n2027-02-14,班,春节\n"
    )

    year: Year
    days: Annotated[list[NoticeDay], Field(min_length=1, max_length=400)] | None = None
    csv: Annotated[str, StringConstraints(min_length=1, max_length=40_000)] | None = None


class DeadlineQuery(BaseModel):
    """From when, and how many working minutes."""

    model_config = {"extra": "forbid"}

    start: Moment
    minutes: Annotated[int, Field(ge=0, le=LONGEST, description="Working minutes.", examples=[960])]
    explain: Annotated[bool, Field(description="Give the ledger too, for deadlines within 200 days.")] = False


class StretchRead(Shown):
    """A stretch of time that counts or does not."""

    begins: datetime
    ends: datetime
    counted: bool
    reason: Reason
    name: str | None = Field(description="Of the holiday or the special day.")


class DeadlineRead(Shown):
    """When so many working minutes have passed."""

    start: datetime
    minutes: int
    deadline: datetime
    provisional: bool = Field(description="It rests on a year whose public holidays are not final.")
    ledger: list[StretchRead] | None = Field(description="What counted and what did not, where it was asked for.")
