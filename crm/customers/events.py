"""What can happen to a customer."""

CREATED = "customer.created"
UPDATED = "customer.updated"
ARCHIVED = "customer.archived"
RESTORED = "customer.restored"
CONTACTED = "customer.contacted"
WARMTH_CHANGED = "customer.warmth_changed"
OWNER_CHANGED = "customer.owner_changed"
