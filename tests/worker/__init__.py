"""The worker: its rounds on a database of their own, and the real process under fire."""
