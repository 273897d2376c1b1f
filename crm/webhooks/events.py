"""What can happen to a webhook endpoint. Webhooks are told nothing of it, but for the test, which goes to itself."""

CREATED = "webhook_endpoint.created"
UPDATED = "webhook_endpoint.updated"
ENABLED = "webhook_endpoint.enabled"
DISABLED = "webhook_endpoint.disabled"
SECRET_ROTATED = "webhook_endpoint.secret_rotated"  # noqa: S105  a type of event
TEST = "webhook.test"
