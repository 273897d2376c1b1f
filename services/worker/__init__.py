"""The worker: what is due, and what leaves the house."""
