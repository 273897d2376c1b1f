"""What can happen to a feed."""

CREATED = "feed.created"
REVOKED = "feed.revoked"
