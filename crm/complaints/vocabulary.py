"""The words of complaints (``domain.md`` A205, B7, C1, C2); the database checks the same ones."""

from typing import Literal

State = Literal[
    "received", "acknowledged", "assessing", "investigating", "waiting_customer", "solution_proposed", "approved",
    "communicated", "implementing", "resolved", "closed", "rejected", "withdrawn",
]  # fmt: skip
Step = Literal[
    "receive", "acknowledge", "identify", "assess", "assign", "investigate", "wait_customer", "resume", "propose",
    "approve", "send_back", "communicate", "accept", "refuse", "implement", "resolve", "attempt", "close", "reject",
    "withdraw", "reopen", "inform", "reply", "escalate",
]  # fmt: skip
Channel = Literal["phone", "email", "visit", "web_form", "social", "chat", "letter", "other"]
Sender = Literal["claimed", "verified"]
"""Of what came in by itself: who sent it is what they say, or what their mail server vouches for."""
Category = Literal["quality", "service", "price", "delivery", "integrity", "other"]
Remedy = Literal["repair", "replace", "refund", "discount", "redo", "apology", "explanation", "other"]
Validity = Literal["pending", "upheld", "partly", "rejected"]
CauseKind = Literal["product", "process", "person", "supplier", "information", "customer_use", "other"]
ClosedBecause = Literal["confirmed", "not_reached", "rejected", "withdrawn"]
Need = Literal[
    "human", "not_responsible", "handles", "supervises", "may_return", "not_proposer", "within_limit",
    "assigned", "assignee_not_responsible", "solution", "remedy_known", "remedy_answered", "validity_set",
    "customer_reached", "not_approved_yet", "approved", "actions_done", "root_cause", "corrective_action",
    "return_visit", "in_time", "from_outside",
]  # fmt: skip
"""What a step may need, beside the state."""
Audience = Literal["assignee", "owner", "manager", "proposer", "approver"]
