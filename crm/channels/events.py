"""What can happen to a channel. Messages leave no facts: they are told by their own list."""

CREATED = "notification_channel.created"
UPDATED = "notification_channel.updated"
VERIFIED = "notification_channel.verified"
ENABLED = "notification_channel.enabled"
DISABLED = "notification_channel.disabled"
REMOVED = "notification_channel.removed"
