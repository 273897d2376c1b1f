"""The words an import is described with; the database checks the same ones."""

from typing import Literal

Kind = Literal["customers"]
State = Literal["waiting", "running", "done", "failed"]
AskedBy = Literal["user", "key"]
