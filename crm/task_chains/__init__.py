"""Chains of tasks: templates that set several tasks off, each at its time or after the one before."""
