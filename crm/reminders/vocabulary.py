"""The words that reminders are spoken of in."""

from typing import Literal

State = Literal["scheduled", "fired", "acknowledged", "cancelled"]
Kind = Literal["task", "personal"]
PersonalSubject = Literal["customer", "contact", "visit", "opportunity"]
SubjectType = Literal["task", "customer", "contact", "visit", "opportunity"]
CancelledBecause = Literal[
    "task_done", "task_cancelled", "rescheduled", "user_disabled", "do_not_contact", "cancelled_by_hand"
]
Caution = Literal["do_not_contact"]
MovedBecause = Literal["snoozed", "changed", "timezone_changed"]
Because = Literal[
    "its_moment_came",
    "its_moment_was_past",
    "worker_was_late",
    "not_due_yet",
    "due_now",
    "snoozed",
    "moved_with_its_zone",
    "acknowledged",
    CancelledBecause,
]
Escalation = Literal["never", "not_yet", "waiting", "attended_to", "escalated", "switched_off", "nobody_above"]
