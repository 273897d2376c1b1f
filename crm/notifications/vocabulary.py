"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal["reminder", "escalation", "channel_disabled", "opportunity_overdue", "prospect_floor", "mention"]
SubjectType = Literal["task", "customer", "contact", "visit", "opportunity", "user", "notification_channel"]
Caution = Literal["do_not_contact"]
