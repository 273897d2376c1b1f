"""The words an import is described with; the database checks the same ones."""

from typing import Literal

Kind = Literal["customers", "opportunities"]
State = Literal["draft", "waiting", "running", "done", "failed", "undoing", "undone"]
AskedBy = Literal["user", "key"]
Reason = Literal["changed_since", "used_since", "not_visible", "code_taken"]
DateOrder = Literal["year_first", "day_first", "month_first"]
"""How days are written that can be read in several ways: 03-11-16."""
