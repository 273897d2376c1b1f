"""What can happen to an attachment."""

ADDED = "attachment.added"
UPDATED = "attachment.updated"
ARCHIVED = "attachment.archived"
RESTORED = "attachment.restored"
