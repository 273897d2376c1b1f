"""How dealing with a visit can fail. Most problems carry the visit's present ``state``."""

from crm.errors import Conflict, Forbidden


class VisitNotPlanned(Conflict):
    """The visit has been started, completed, missed or cancelled by now."""

    title = "Only a visit that is still planned can be changed like this"
    title_zh = "仅可对计划中的拜访执行此操作"


class VisitClosed(Conflict):
    """The visit is completed or cancelled by now."""

    title = "The visit is closed"
    title_zh = "拜访已结束"


class VisitNotCompleted(Conflict):
    """Only what took place can be reviewed, and once."""

    title = "Only a completed visit can be reviewed"
    title_zh = "仅可点评已完成的拜访"


class OwnerDoubleBooked(Conflict):
    """The owner has another visit at that time: ``other`` says which, where you may see it."""

    title = "The owner has another visit at that time"
    title_zh = "负责人在该时段已有其他拜访"


class AnotherVisitInProgress(Conflict):
    """The owner has not closed another visit yet: ``other`` says which, where you may see it."""

    title = "Another visit of the owner is in progress"
    title_zh = "负责人有另一拜访正在进行"


class NotOnThisDay(Conflict):
    """A visit is made on the day it is planned for; a manager may do otherwise."""

    title = "The visit is planned for another day"
    title_zh = "拜访计划在另一天进行"


class TooLateToReport(Conflict):
    """The workspace takes reports of visits for some days only (``visits.report_days``)."""

    title = "It is too late to report this visit"
    title_zh = "已超过补报拜访的期限"


class VisitNotJoint(Conflict):
    """Nobody was named to go along and review the visit."""

    title = "Only a joint visit can be reviewed"
    title_zh = "仅可点评协同拜访"


class NotTheSupervisor(Forbidden):
    """A visit is reviewed by whoever was named as its supervisor, or by an administrator."""

    title = "Only the supervisor of the visit can review it"
    title_zh = "仅拜访的主管可点评"
