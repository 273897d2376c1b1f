"""The words a visit is described with (``domain.md`` C1, C2); the database checks the same ones."""

from typing import Literal

State = Literal["planned", "confirmed", "in_progress", "completed", "reviewed", "cancelled", "missed"]
Purpose = Literal["care", "sales", "service", "complaint", "collection"]
Kind = Literal["on_site", "invited", "call", "online"]
Party = Literal["us", "customer"]
Move = Literal["update", "reschedule", "hand_over", "confirm", "start", "complete", "miss", "cancel", "review"]
Birth = Literal["plan", "start_unplanned", "log"]
Guard = Literal[
    "time_free",
    "none_in_progress",
    "on_its_day",
    "not_before_its_day",
    "reported_in_time",
    "contacts_met",
    "grace_over",
    "joint",
]
Position = Literal["kept", "not_consented", "forgotten"]
