"""The timeline of a customer: every fact that touches it, in sentences that people read."""
