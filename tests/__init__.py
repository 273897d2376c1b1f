"""By feature, through the front door."""
