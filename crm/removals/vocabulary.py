"""The words a removal is described with; the database checks the same ones."""

from typing import Literal

Kind = Literal["attachment", "export"]
