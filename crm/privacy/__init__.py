"""What people may ask of us (``domain.md`` B12, PIPL 44-50): to see what we hold, erasure, an answer in time."""
