"""What people have agreed to: a ledger for each contact and purpose, and the one rule that automated messages ask."""
