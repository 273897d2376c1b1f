"""Feeds: what a person has planned, as a calendar that their own programs subscribe to."""
