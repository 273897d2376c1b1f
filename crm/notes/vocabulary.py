"""The words notes are kept in."""

from typing import Literal

SubjectType = Literal["customer", "contact", "visit", "opportunity", "complaint"]
