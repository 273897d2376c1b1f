"""What people ask about their data: received, verified, answered in time (``domain.md`` C2, PIPL 50)."""
