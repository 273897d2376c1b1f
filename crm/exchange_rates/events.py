"""What can happen to an exchange rate."""

SET = "exchange_rate.set"
CORRECTED = "exchange_rate.corrected"
