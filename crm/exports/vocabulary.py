"""The words an export is described with; the database checks the same ones."""

from typing import Literal

Exported = Literal["customers", "contacts", "opportunities", "complaints"]
Format = Literal["csv", "xlsx", "vcard"]
State = Literal["waiting", "running", "done", "failed"]
AskedBy = Literal["user", "key"]
