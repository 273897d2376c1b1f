"""What the steps of a complaint do to its clocks.

Called in the transaction of the step, once it is certain that the step is taken and before the complaint is written:
so the fact of the step shows the clocks as they are, and either both happen or none.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from crm.complaints.vocabulary import Step
from crm.database import Transaction
from crm.sla.vocabulary import Severity


@dataclass(frozen=True)
class Timed:
    """A complaint as far as its clocks depend on it. ``cycle`` rises where it is reopened late (``domain.md`` B8)."""

    id: UUID
    received_at: datetime
    severity: Severity
    category: str
    customer_id: UUID | None
    assignee_id: UUID | None
    team_id: UUID | None
    cycle: int


async def turn(tx: Transaction, step: Step, now: Timed, was: Timed | None) -> datetime | None:
    """Start, stop, pause or move the clocks of a complaint for a step; when the earliest that runs is due, if any.

    ``now`` is the complaint as the step leaves it, ``was`` as it was before; None where it is received, before its row
    is there. A changed severity, category or customer chooses the promise anew, whatever the step; so it is for a
    change without one, which comes as ``assess``.
    """
    del tx, step, now, was
    return None
