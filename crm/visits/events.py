"""What can happen to a visit."""

PLANNED = "visit.planned"
UPDATED = "visit.updated"
RESCHEDULED = "visit.rescheduled"
STARTED = "visit.started"
COMPLETED = "visit.completed"
CANCELLED = "visit.cancelled"
