"""What can happen to a workspace, its people, teams, keys and sessions."""

WORKSPACE_CREATED = "workspace.created"
WORKSPACE_UPDATED = "workspace.updated"
TIMEZONE_CHANGED = "workspace.timezone_changed"

USER_CREATED = "user.created"
USER_UPDATED = "user.updated"
USER_DISABLED = "user.disabled"
USER_ENABLED = "user.enabled"
SENSITIVE_GRANTED = "user.sensitive_granted"
SENSITIVE_REVOKED = "user.sensitive_revoked"
PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 the name of a fact

TEAM_CREATED = "team.created"
TEAM_UPDATED = "team.updated"

KEY_CREATED = "api_key.created"
KEY_REVOKED = "api_key.revoked"

SESSION_REVOKED = "session.revoked"

CUSTOM_FIELD_CREATED = "custom_field.created"
CUSTOM_FIELD_UPDATED = "custom_field.updated"
CUSTOM_FIELD_ARCHIVED = "custom_field.archived"
CUSTOM_FIELD_RESTORED = "custom_field.restored"
