"""Workspaces and who may enter them: people, teams, sessions, keys."""
