"""What can happen to a person's data."""

DISCLOSED = "personal_data.disclosed"
CONTACT_ERASED = "contact.erased"
CUSTOMER_ERASED = "customer.erased"
