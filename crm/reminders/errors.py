"""How dealing with a reminder can fail."""

from crm.errors import Conflict


class ReminderOver(Conflict):
    """What was said, acknowledged or cancelled does not come back to that."""

    title = "This reminder is past that point"
    title_zh = "该提醒已不可进行此操作"


class ReminderOfTask(Conflict):
    """The reminders of a task are changed and cancelled with the task."""

    title = "This reminder belongs to a task: change the task"
    title_zh = "该提醒属于任务，请修改任务"


class ReminderSnoozedTooOften(Conflict):
    """A reminder can be put off a few times; then it wants to be acknowledged, changed or cancelled."""

    title = "This reminder has been put off too often"
    title_zh = "该提醒推迟次数过多"
