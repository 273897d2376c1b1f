"""Visits: planned, made, and told of, with whom was met and what comes next."""
