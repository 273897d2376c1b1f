"""What can happen to a task."""

CREATED = "task.created"
UPDATED = "task.updated"
COMPLETED = "task.completed"
CANCELLED = "task.cancelled"
SNOOZED = "task.snoozed"
REASSIGNED = "task.reassigned"
OVERDUE = "task.overdue"
