"""A complaint and whoever asks, as far as the steps of its path depend on them: plain values, loaded elsewhere."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from crm.actor import Actor, ActorKind, Role
from crm.complaints.vocabulary import State

SUPERVISORS = frozenset({Role.MANAGER, Role.ADMIN})
HANDLERS = SUPERVISORS | {Role.SERVICE}
"""Whose work complaints are by role (``domain.md`` C6)."""


@dataclass(frozen=True)
class Who:
    """Who asks. ``limit``: up to which cost they may approve; None without limit, zero not at all."""

    kind: ActorKind
    user_id: UUID | None
    role: Role | None
    limit: Decimal | None

    @property
    def handles_by_role(self) -> bool:
        """Complaints are their work, whoever has the case; a program with the scope works for those."""
        return self.kind is not ActorKind.USER or self.role in HANDLERS


@dataclass(frozen=True)
class Case:
    """A complaint as far as steps depend on it, and what is sent with the step.

    ``own_cost`` is in the workspace's currency, None where no rate is known. ``tries`` are the most attempts at a
    return visit within so many working days as they must lie in. ``days_over``: since it was resolved or closed.
    """

    state: State
    resume_to: State | None = None
    severity: str = "medium"
    category: str = "other"
    validity: str = "pending"
    assignee_id: UUID | None = None
    responsible_id: UUID | None = None
    proposed_by: UUID | None = None
    approved_by: UUID | None = None
    solution: str | None = None
    remedy_sought: str | None = None
    solution_answers_remedy: bool | None = None
    remedy_answer: str | None = None
    root_cause: str | None = None
    corrective_action: str | None = None
    own_cost: Decimal | None = Decimal(0)
    open_actions: int = 0
    tries: int = 0
    tries_needed: int = 3
    days_over: float | None = None
    reopen_days: int = 30
    reached: bool = False
    confirmed: bool = False
    from_outside: bool = False


def who_is(actor: Actor) -> Who:
    """The actor, as far as steps depend on who takes them."""
    limits = actor.settings.get("complaints", {})
    limit: Decimal | None = Decimal(0)
    if actor.role is Role.ADMIN:
        limit = None
    elif actor.role is Role.MANAGER:
        limit = Decimal(limits["manager_limit"])
    elif actor.role is Role.SERVICE:
        limit = Decimal(limits["service_limit"])
    return Who(actor.kind, actor.user_id, actor.role, limit)
