"""What can happen to a reminder.

That one of a task is planned, moved and dropped is part of what happens to the task and stands in that fact.
"""

CREATED = "reminder.created"
UPDATED = "reminder.updated"
CANCELLED = "reminder.cancelled"
FIRED = "reminder.fired"
SUPPRESSED = "reminder.suppressed"
SNOOZED = "reminder.snoozed"
ACKNOWLEDGED = "reminder.acknowledged"
ESCALATED = "reminder.escalated"
