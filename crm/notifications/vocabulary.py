"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal["reminder", "channel_disabled"]
SubjectType = Literal["task", "notification_channel"]
