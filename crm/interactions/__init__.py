"""Calls, messages and meetings that are not visits: what a relationship is made of, day by day."""
