"""What other currencies were worth on which day."""
