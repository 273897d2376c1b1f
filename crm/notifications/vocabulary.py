"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal["reminder", "channel_disabled", "opportunity_overdue", "prospect_floor", "mention"]
SubjectType = Literal["task", "notification_channel", "opportunity", "user"]
