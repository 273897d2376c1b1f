"""What can happen to a series of tasks."""

CREATED = "task_series.created"
UPDATED = "task_series.updated"
ENDED = "task_series.ended"
