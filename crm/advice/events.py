"""What can happen to the advice of a workspace."""

CHANGED = "complaint_advice.changed"
RESET = "complaint_advice.reset"
