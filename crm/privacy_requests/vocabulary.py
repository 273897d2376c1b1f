"""The words that requests about personal data are spoken of in."""

from typing import Literal

Kind = Literal["access", "correct", "delete", "export", "withdraw"]
State = Literal["received", "verified", "fulfilled", "refused"]
Move = Literal["verify", "fulfill", "refuse"]
