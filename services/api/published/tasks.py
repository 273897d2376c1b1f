"""Tasks, what makes them, and how people are reminded: what of it is told."""

from crm.channels.schemas import NotificationChannelRead
from crm.reminders.schemas import ReminderRead
from crm.task_chains.schemas import TaskChainRead
from crm.task_rules.schemas import TaskRuleRead
from crm.task_series.schemas import TaskSeriesRead
from crm.tasks.schemas import TaskRead
from services.api.documentation import Events

TASKS: Events = {
    "task.created": ("A task was added, by a person or by a rule.", TaskRead),
    "task.updated": ("A task was changed.", TaskRead),
    "task.completed": ("A task was done.", TaskRead),
    "task.cancelled": ("A task will not be done.", TaskRead),
    "task.snoozed": ("A task was put off.", TaskRead),
    "task.reassigned": ("A task was given to someone else.", TaskRead),
    "task.overdue": ("A task was not done for too many working days after it was due.", TaskRead),
    "task_series.created": ("A task that repeats was added.", TaskSeriesRead),
    "task_series.updated": ("All following tasks of a series were changed.", TaskSeriesRead),
    "task_series.ended": ("A task repeats no more.", TaskSeriesRead),
    "task_chain.created": ("A chain of tasks was added.", TaskChainRead),
    "task_chain.updated": ("A chain of tasks was changed.", TaskChainRead),
    "task_chain.archived": ("A chain of tasks was put aside.", TaskChainRead),
    "task_chain.restored": ("An archived chain of tasks was brought back.", TaskChainRead),
    "task_rule.created": ("A rule that makes tasks was added.", TaskRuleRead),
    "task_rule.updated": ("A rule was changed.", TaskRuleRead),
    "task_rule.enabled": ("A rule works from now on.", TaskRuleRead),
    "task_rule.disabled": ("A rule rests.", TaskRuleRead),
    "reminder.created": ("Someone wants to be reminded of something.", ReminderRead),
    "reminder.updated": ("A reminder was changed, or moved along with a time zone.", ReminderRead),
    "reminder.cancelled": ("A reminder will not be said.", ReminderRead),
    "reminder.suppressed": (
        "The moment of a reminder came, and it asked to get in touch with somebody who does not want that.",
        ReminderRead,
    ),
    "reminder.snoozed": ("A reminder was put off.", ReminderRead),
    "reminder.acknowledged": ("A reminder was heard.", ReminderRead),
    "reminder.escalated": ("Nobody minded a reminder for too long: the manager was told.", ReminderRead),
    "reminder.fired": ("The moment of a reminder came, and it was said.", ReminderRead),
    "notification_channel.created": ("Someone wants to be told over a channel.", NotificationChannelRead),
    "notification_channel.updated": ("When or of what a channel is told was changed.", NotificationChannelRead),
    "notification_channel.verified": ("The address of a channel was proven.", NotificationChannelRead),
    "notification_channel.enabled": ("A channel is in use again.", NotificationChannelRead),
    "notification_channel.disabled": ("A channel was turned off.", NotificationChannelRead),
    "notification_channel.removed": ("A channel was removed.", NotificationChannelRead),
}
