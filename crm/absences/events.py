"""What can happen to an absence."""

PLANNED = "absence.planned"
CANCELLED = "absence.cancelled"
