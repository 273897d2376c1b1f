"""What can happen to a chain of tasks."""

CREATED = "task_chain.created"
UPDATED = "task_chain.updated"
ARCHIVED = "task_chain.archived"
RESTORED = "task_chain.restored"
