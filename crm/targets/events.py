"""What can happen to a target."""

CREATED = "target.created"
UPDATED = "target.updated"
ARCHIVED = "target.archived"
RESTORED = "target.restored"
