"""The words that notifications are spoken of in."""

from typing import Literal

Kind = Literal["reminder"]
SubjectType = Literal["task"]
