"""The ways a sale can go: ordered stages, each with what must be known to be there."""
