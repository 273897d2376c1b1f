"""Advice at hand: what the person on the phone with somebody angry should do, and not say, at each step."""
