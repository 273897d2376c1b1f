"""The first calendar of a workspace: office hours in its zone, with China's public holidays where it lives there."""

from uuid import UUID

from crm.calendars import actions
from crm.calendars.holidays import CHINA, CHINESE_ZONES
from crm.calendars.hours import OFFICE, clock_time
from crm.calendars.schemas import CalendarCreate, WeekHours
from crm.database import Transaction

NAMES = {"en": "Working time", "zh-CN": "工作时间"}

OFFICE_WEEK = [
    WeekHours(weekday=weekday, opens=clock_time(part.opens), closes=clock_time(part.closes))
    for weekday, day in enumerate(OFFICE, start=1)
    for part in day
]


async def open_first_calendar(tx: Transaction) -> UUID:
    """Add the calendar that a new workspace goes by; its id. The workspace itself is told by the caller."""
    timezone, language = tx.actor.timezone, tx.actor.language
    country = CHINA if timezone in CHINESE_ZONES else None
    new = CalendarCreate(name=NAMES.get(language, NAMES["en"]), timezone=timezone, country=country, week=OFFICE_WEEK)
    return (await actions.create(tx, new)).id
