"""What can happen to a comment."""

ADDED = "comment.added"
UPDATED = "comment.updated"
REMOVED = "comment.removed"
