"""The words of a proposal; the database checks the same ones."""

from typing import Literal

ProposalKind = Literal["promote", "change", "demote"]
ProposalState = Literal["open", "confirmed", "rejected", "withdrawn"]
