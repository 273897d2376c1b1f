"""What can happen to a customer."""

CREATED = "customer.created"
UPDATED = "customer.updated"
ARCHIVED = "customer.archived"
RESTORED = "customer.restored"
VERIFIED = "customer.verified"
CONTACTED = "customer.contacted"
WARMTH_CHANGED = "customer.warmth_changed"
