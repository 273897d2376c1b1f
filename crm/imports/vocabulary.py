"""The words an import is described with; the database checks the same ones."""

from typing import Literal

Kind = Literal["customers"]
State = Literal["draft", "waiting", "running", "done", "failed", "undoing", "undone"]
AskedBy = Literal["user", "key"]
Reason = Literal["changed_since", "used_since", "not_visible", "code_taken"]
