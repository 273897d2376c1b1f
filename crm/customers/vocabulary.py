"""The words a customer is described with (``domain.md`` A3, A5, A6); the database checks the same ones."""

from typing import Literal

Kind = Literal["company", "person"]
Type = Literal["consumer", "business_user", "intermediate", "public_interest"]
IntermediateKind = Literal["dealer", "agent", "wholesaler", "retailer"]
Size = Literal["small", "medium", "large"]
Power = Literal["low", "middle", "high"]
Class = Literal["key", "potential", "ordinary"]
KeyKind = Literal["high_value", "influential", "double"]
Lifecycle = Literal["prospect", "interested", "customer", "dormant", "lost"]
LifecycleMove = Literal["qualify", "convert", "fall_asleep", "reactivate", "lose", "win_back"]
LossCause = Literal["competitor", "need_fulfilled", "moved", "pushed_unintended", "pushed_intended"]
LossKind = Literal["voluntary", "natural", "involuntary"]
Stage = Literal["awareness", "exploration", "expansion", "commitment", "dissolution"]
Band = Literal["hot", "warm", "cooling", "cold", "never"]
ErasedBecause = Literal[
    "requested", "purpose_fulfilled", "service_ended", "consent_withdrawn", "unlawful", "required_by_law"
]
"""Why personal data must go (``domain.md`` B12, PIPL 47)."""
Rhythm = Literal["never", "on_track", "due", "overdue"]
