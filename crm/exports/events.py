"""What can happen to an export."""

CREATED = "export.created"
FINISHED = "export.finished"
