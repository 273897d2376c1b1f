"""What can happen to a rule, and to a chain of tasks."""

CREATED = "task_rule.created"
UPDATED = "task_rule.updated"
ENABLED = "task_rule.enabled"
DISABLED = "task_rule.disabled"
