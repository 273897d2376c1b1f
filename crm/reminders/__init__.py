"""What must be said to whom at what moment."""
