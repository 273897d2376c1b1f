"""How dealing with a visit can fail. Each problem carries the visit's present ``state``."""

from crm.errors import Conflict


class VisitNotPlanned(Conflict):
    """The visit has been started, completed or cancelled by now."""

    title = "Only a visit that is still planned can be changed like this"
    title_zh = "仅可对计划中的拜访执行此操作"


class VisitClosed(Conflict):
    """The visit is completed or cancelled by now."""

    title = "The visit is closed"
    title_zh = "拜访已结束"
