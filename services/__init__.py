"""How the product runs: one folder per process, each of which someone can start."""
