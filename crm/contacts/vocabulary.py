"""The words a contact is described with (``domain.md`` A079, A029); the database checks the same ones."""

from typing import Literal

Level = Literal["top", "middle", "base"]
Role = Literal["user", "influencer", "decider", "approver", "buyer", "gatekeeper"]
Calendar = Literal["solar", "lunar"]
