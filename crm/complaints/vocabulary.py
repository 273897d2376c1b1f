"""The words of complaints (``domain.md`` A205, B7, C1, C2); the database checks the same ones."""

from typing import Literal

State = Literal[
    "received", "acknowledged", "assessing", "investigating", "waiting_customer", "solution_proposed", "approved",
    "communicated", "implementing", "resolved", "closed", "rejected", "withdrawn",
]  # fmt: skip
Step = Literal[
    "receive", "acknowledge", "assess", "assign", "investigate", "wait_customer", "resume", "propose", "approve",
    "send_back", "communicate", "accept", "refuse", "implement", "resolve", "close", "reject", "withdraw", "reopen",
    "update", "escalate",
]  # fmt: skip
Channel = Literal["phone", "email", "visit", "web_form", "social", "chat", "letter", "other"]
Category = Literal["quality", "service", "price", "delivery", "integrity", "other"]
Remedy = Literal["repair", "replace", "refund", "discount", "redo", "apology", "explanation", "other"]
Validity = Literal["pending", "upheld", "partly", "rejected"]
CauseKind = Literal["product", "process", "person", "supplier", "information", "customer_use", "other"]
ClosedBecause = Literal["confirmed", "not_reached", "rejected", "withdrawn"]
