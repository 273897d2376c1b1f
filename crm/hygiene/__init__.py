"""Hygiene: what is wrong with open sales, why, and what to do about it."""
