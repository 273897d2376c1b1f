"""What can happen to a note."""

ADDED = "note.added"
UPDATED = "note.updated"
ARCHIVED = "note.archived"
RESTORED = "note.restored"
