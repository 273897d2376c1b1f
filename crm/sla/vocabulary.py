"""The words of promises (``domain.md`` B7, B8, C2); the database checks the same ones."""

from typing import Literal

Severity = Literal["critical", "high", "medium", "low"]
ClockKind = Literal["acknowledge", "response", "update", "resolution"]
ClockState = Literal["running", "paused", "met", "breached", "met_late", "cancelled"]
