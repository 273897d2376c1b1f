"""Complaints: the whole way from the angry call to the removed cause."""
