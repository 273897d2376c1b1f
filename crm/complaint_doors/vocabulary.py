"""The words of the doors; the database checks the same ones."""

from typing import Literal

DoorState = Literal["active", "disabled"]
Outcome = Literal["received", "added", "ignored"]
"""What became of what arrived: a new complaint, a word more to one, or nothing, as with the mail of a machine."""
PublicState = Literal["received", "in_progress", "waiting_for_you", "answered", "being_put_right", "resolved", "closed"]
"""What whoever complained is told of where it stands."""
