"""How calendars can fail."""

from crm.errors import Conflict


class CalendarArchived(Conflict):
    """An archived calendar is not changed, and nobody goes by it."""

    title = "This calendar is archived"
    title_zh = "该日历已归档"


class CalendarInUse(Conflict):
    """The workspace, a team, a person or a policy goes by this calendar: `used_by` names them."""

    title = "Somebody goes by this calendar"
    title_zh = "该日历正在使用中"
