"""How dealing with a series can fail."""

from crm.errors import Conflict


class SeriesEnded(Conflict):
    """A series that has ended stays as it is; begin another."""

    title = "This series has ended"
    title_zh = "该重复任务已结束"
