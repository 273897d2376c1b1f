"""The words of opportunities (``domain.md`` A122, B2, B4, C1, C2, D9); the database checks the same ones."""

from typing import Literal

State = Literal["open", "on_hold", "won", "lost"]
Move = Literal["update", "advance", "step_back", "win", "lose", "hold", "resume", "reopen"]
Known = Literal["yes", "no", "unknown"]
"""Whether there is money, authority, need: what nobody has found out is not a no."""
Intention = Literal["poor", "unclear", "possible", "good", "very_likely"]
Grade = Literal["H", "A", "B", "C", "overdue"]
LostReason = Literal[
    "competitor", "price", "no_budget", "no_decision", "no_need", "timing", "product_gap", "service", "relationship",
    "duplicate", "other",
]  # fmt: skip
Stance = Literal["for", "neutral", "against"]
Role = Literal["user", "influencer", "decider", "approver", "buyer", "gatekeeper", "champion"]
"""The six roles of the buying centre, and the champion, who is none of them but may be any (``domain.md`` B4)."""
