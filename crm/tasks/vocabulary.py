"""The words that tasks are spoken of in."""

from typing import Literal

State = Literal["open", "done", "cancelled"]
Kind = Literal["follow_up", "next_step", "contact_due"]
SubjectType = Literal["customer", "contact", "visit", "privacy_request"]
