"""Reminders and deliveries under fire, in short: the long form is ``benchmarks/chaos.py``."""
