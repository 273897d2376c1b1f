"""Rapport against the bare yardstick: the same machine, the same tables, the same answers, in turn."""
