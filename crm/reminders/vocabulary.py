"""The words that reminders are spoken of in."""

from typing import Literal

State = Literal["scheduled", "fired", "cancelled"]
SubjectType = Literal["task"]
CancelledBecause = Literal["task_done", "task_cancelled", "rescheduled", "user_disabled"]
Because = Literal["its_moment_came", "not_due_yet", "due_now", CancelledBecause]
