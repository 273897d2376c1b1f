"""The words for people and their sessions; the database checks the same ones."""

from typing import Literal

Language = Literal["en", "zh-CN"]
UserState = Literal["active", "disabled"]
CustomNoun = Literal["customer", "contact"]
CustomType = Literal["text", "number", "date", "boolean", "choice"]
RevokedBecause = Literal["signed_out", "reuse", "password_changed", "user_disabled"]
