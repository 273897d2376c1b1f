"""The words a contact is described with (``domain.md`` A029, A079, A149-A152); the database checks the same ones."""

from typing import Literal

Level = Literal["top", "middle", "base"]
Role = Literal["user", "influencer", "decider", "approver", "buyer", "gatekeeper"]
Stance = Literal["for", "neutral", "against"]
Calendar = Literal["solar", "lunar"]
LegalBasis = Literal["consent", "contract", "legal_duty", "emergency", "public_interest", "disclosed", "other_law"]
"""Why we may hold what we hold of a person (``domain.md`` B12, PIPL 13)."""
Style = Literal["controlling", "expressive", "amiable", "analytical"]
