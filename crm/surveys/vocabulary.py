"""The words of surveys (``domain.md`` B9); the database checks the same ones."""

from typing import Literal

State = Literal["planned", "sending", "to_hand_over", "sent", "answered", "skipped"]
"""``to_hand_over``: nothing can be mailed, so somebody may give the link; after ``expires_at`` no answer is taken."""
Via = Literal["email", "hand"]
SkippedBecause = Literal[
    "reopened", "asked_lately", "do_not_contact", "withdrawn", "no_consent", "archived", "erased"
]  # fmt: skip
