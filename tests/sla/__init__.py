"""Promises: policies, clocks and their ledgers."""
