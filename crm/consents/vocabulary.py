"""The words that consent is spoken of in (``domain.md`` B12, PIPL 13-31)."""

from typing import Literal

Purpose = Literal[
    "service", "care", "greetings", "marketing", "surveys", "profiling", "sensitive", "location", "sharing", "abroad"
]
Status = Literal["given", "withdrawn"]
Channel = Literal["form", "paper", "email", "message", "wechat", "call", "in_person", "other"]
Because = Literal[
    "consented", "contract", "erased", "archived", "do_not_contact", "objected_elsewhere", "withdrawn", "no_consent"
]  # fmt: skip
