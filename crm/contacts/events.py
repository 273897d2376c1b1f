"""What can happen to a contact."""

CREATED = "contact.created"
UPDATED = "contact.updated"
ARCHIVED = "contact.archived"
RESTORED = "contact.restored"
BIRTHDAY_PASSED = "contact.birthday_passed"
