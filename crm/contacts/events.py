"""What can happen to a contact."""

CREATED = "contact.created"
UPDATED = "contact.updated"
ARCHIVED = "contact.archived"
RESTORED = "contact.restored"
SENSITIVE_READ = "contact.sensitive_read"
TABOOS_CHANGED = "contact.taboos_changed"
BIRTHDAY_PASSED = "contact.birthday_passed"
