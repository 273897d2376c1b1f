"""How dealing with a task can fail."""

from crm.errors import Conflict


class TaskClosed(Conflict):
    """A task that is done or cancelled stays as it is."""

    title = "A closed task cannot be changed"
    title_zh = "已结束的任务不可修改"


class SnoozedTooOften(Conflict):
    """A task can be put off a few times; then it wants to be done, moved on purpose, or cancelled."""

    title = "This task has been put off too often"
    title_zh = "该任务推迟次数过多"
