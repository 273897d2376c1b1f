"""What can happen in care beyond what happens to customers themselves."""

CALL_KEPT = "customer_call.kept"
