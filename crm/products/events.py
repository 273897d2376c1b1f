"""What can happen to a product."""

CREATED = "product.created"
UPDATED = "product.updated"
ARCHIVED = "product.archived"
RESTORED = "product.restored"
