"""Standing guards: what must hold for every operation and every table, whoever adds them."""
