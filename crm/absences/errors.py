"""How absences can fail."""

from crm.errors import Conflict


class AbsenceOverlaps(Conflict):
    """Each day off counts once."""

    title = "These days overlap with another absence"
    title_zh = "与已有的休假日期重叠"


class AbsenceOfAnother(Conflict):
    """Managers and administrators look after those of others."""

    title = "Only managers change the absences of others"
    title_zh = "仅主管可变更他人的休假"
