"""The words a visit is described with (``domain.md`` C1, C2); the database checks the same ones."""

from typing import Literal

State = Literal["planned", "in_progress", "completed", "cancelled"]
Purpose = Literal["care", "sales", "service", "complaint", "collection"]
Move = Literal["update", "reschedule", "start", "complete", "cancel"]
