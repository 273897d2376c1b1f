"""The words of promises (``domain.md`` B7, B8, C2); the database checks the same ones."""

from typing import Literal

from crm.calendars.vocabulary import Reason

Severity = Literal["critical", "high", "medium", "low"]
Category = Literal["quality", "service", "price", "delivery", "integrity", "other"]
ClockKind = Literal["acknowledge", "response", "update", "resolution"]
ClockState = Literal["running", "paused", "met", "breached", "met_late", "cancelled"]
Told = Literal["assignee", "owner", "manager", "user", "role"]
"""Who hears of it: who handles the complaint, the customer's owner, their manager, somebody by name, all of a role."""

Why = Literal["paused", "before_start"] | Reason
"""Why a stretch of a clock counts or does not: as in a calendar, or because the clock stood still or did not run."""

Cause = Literal["policy", "calendar", "customer"]
"""Why clocks are worked out anew."""
