"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal[
    "reminder", "escalation", "channel_disabled", "overdue", "task_rule", "opportunity_overdue", "prospect_floor",
    "mention", "day_end_digest", "complaint", "complaint_due",
]  # fmt: skip
SubjectType = Literal[
    "task", "customer", "contact", "visit", "opportunity", "complaint", "user", "notification_channel", "task_rule"
]
Caution = Literal["do_not_contact"]
