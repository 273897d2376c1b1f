"""Bringing in sales from another system, with the days on which they began and ended."""
