"""Everything on one machine, without root or Docker: embedded Postgres and Valkey, API, worker, demo data."""
