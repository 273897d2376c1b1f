"""Bringing in files: each good line lands, each bad one is told."""
