"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal["reminder", "escalation", "channel_disabled"]
SubjectType = Literal["task", "customer", "contact", "visit", "notification_channel"]
Caution = Literal["do_not_contact"]
