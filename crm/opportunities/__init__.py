"""Sales in the making: what may close, when, with whom, and what to do next."""
