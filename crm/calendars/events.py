"""What can happen to a calendar."""

CREATED = "calendar.created"
UPDATED = "calendar.updated"
DAYS_CHANGED = "calendar.days_changed"
ARCHIVED = "calendar.archived"
RESTORED = "calendar.restored"
