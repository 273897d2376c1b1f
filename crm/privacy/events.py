"""What can happen to a person's data."""

DISCLOSED = "personal_data.disclosed"
