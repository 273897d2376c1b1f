"""What can happen to a promise."""

CREATED = "sla_policy.created"
UPDATED = "sla_policy.updated"
ARCHIVED = "sla_policy.archived"
RESTORED = "sla_policy.restored"
