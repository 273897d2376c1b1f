"""What can happen to an attachment."""

ADDED = "attachment.added"
ARCHIVED = "attachment.archived"
RESTORED = "attachment.restored"
