"""What can happen in care beyond what happens to customers themselves."""

CALL_KEPT = "customer_call.kept"
PLAN_PROPOSED = "visit_plan.proposed"
PLAN_ADJUSTED = "visit_plan.adjusted"
PLAN_APPROVED = "visit_plan.approved"
