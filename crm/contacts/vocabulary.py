"""The words a contact is described with (``domain.md`` A029, A079, A149-A152); the database checks the same ones."""

from typing import Literal

Level = Literal["top", "middle", "base"]
Role = Literal["user", "influencer", "decider", "approver", "buyer", "gatekeeper"]
Stance = Literal["for", "neutral", "against"]
Calendar = Literal["solar", "lunar"]
Style = Literal["controlling", "expressive", "amiable", "analytical"]
