"""What can happen to an interaction."""

LOGGED = "interaction.logged"
UPDATED = "interaction.updated"
