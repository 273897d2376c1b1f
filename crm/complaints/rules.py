"""The path of a complaint as data (``domain.md`` C2): which step leads from which state to which, and what it needs.

What each need means stands in ``needs``. The list of possible steps, the guards and the tests read this one table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, get_args

from crm.complaints import events
from crm.complaints.vocabulary import Audience, Need, State, Step

AT_WORK: tuple[State, ...] = (
    "received", "acknowledged", "assessing", "investigating", "waiting_customer", "solution_proposed", "approved",
    "communicated", "implementing",
)  # fmt: skip
"""States in which whoever complained still waits for it to be put right."""

OPEN: tuple[State, ...] = (*AT_WORK, "resolved", "rejected")
"""States of a complaint that is not over: the customer cannot be put aside."""

BEFORE_IT_IS_LOOKED_INTO: tuple[State, ...] = ("received", "acknowledged", "assessing")
"""States in which it can still be found that a complaint is not whose it was taken for."""

OVER: tuple[State, ...] = ("closed", "withdrawn")

SEVERE = frozenset({"critical", "high"})
"""Severities whose cause must be known and removed before the complaint is closed."""


@dataclass(frozen=True)
class Row:
    """From this state by this step to that one, where everything needed is there. No target: where it came from."""

    source: State
    step: Step
    target: State | None
    needs: tuple[Need, ...] = ()


WORKS: tuple[Need, ...] = ("not_responsible", "handles")
DECIDES: tuple[Need, ...] = ("human", "not_responsible", "handles")
APPROVES: tuple[Need, ...] = ("human", "not_responsible", "supervises", "not_proposer", "within_limit")
RETURNS: tuple[Need, ...] = ("human", "not_responsible", "may_return")


def _stays(step: Step, sources: Iterable[State], needs: tuple[Need, ...]) -> tuple[Row, ...]:
    return tuple(Row(source, step, source, needs) for source in sources)


def _goes(step: Step, sources: Iterable[State], target: State, needs: tuple[Need, ...]) -> tuple[Row, ...]:
    return tuple(Row(source, step, target, needs) for source in sources)


# A rejection goes its own way to the end: proposed by one, approved by another, closed. It can be returned until it is
# approved. Whoever hears from the customer may say so, whether they handle the case or not.
TABLE: tuple[Row, ...] = (
    Row("received", "acknowledge", "acknowledged", ("human", "not_responsible")),
    *_stays("identify", BEFORE_IT_IS_LOOKED_INTO, (*DECIDES, "from_outside")),
    Row("acknowledged", "assess", "assessing", WORKS),
    *_stays("assess", ("assessing", "investigating"), WORKS),
    *_stays("assign", OPEN, (*WORKS, "assignee_not_responsible")),
    Row("assessing", "investigate", "investigating", (*WORKS, "assigned")),
    *_goes("wait_customer", ("assessing", "investigating", "communicated", "implementing"), "waiting_customer", WORKS),
    Row("waiting_customer", "resume", None, ("not_responsible",)),
    Row(
        "investigating",
        "propose",
        "solution_proposed",
        (*DECIDES, "solution", "remedy_known", "remedy_answered", "validity_set"),
    ),
    Row("solution_proposed", "approve", "approved", APPROVES),
    Row("solution_proposed", "send_back", "investigating", RETURNS),
    Row("approved", "communicate", "communicated", (*DECIDES, "customer_reached")),
    Row("communicated", "accept", "implementing", ("not_responsible",)),
    Row("communicated", "refuse", "investigating", ("not_responsible",)),
    *_stays("implement", ("implementing",), WORKS),
    Row("implementing", "resolve", "resolved", (*WORKS, "actions_done")),
    *_stays("attempt", ("resolved",), ("human", "not_responsible")),
    Row("resolved", "close", "closed", (*DECIDES, "root_cause", "corrective_action", "return_visit")),
    *_goes("reject", ("assessing", "investigating"), "rejected", DECIDES),
    Row("rejected", "approve", "rejected", (*APPROVES, "not_approved_yet")),
    Row("rejected", "send_back", "investigating", (*RETURNS, "not_approved_yet")),
    Row("rejected", "communicate", "rejected", (*DECIDES, "approved", "customer_reached")),
    Row("rejected", "close", "closed", (*DECIDES, "approved")),
    *_goes("withdraw", AT_WORK, "withdrawn", ("not_responsible",)),
    *_goes("reopen", ("resolved", "closed"), "investigating", ("not_responsible", "in_time")),
    *_stays("inform", (*AT_WORK, "rejected"), ("human", "not_responsible")),
    *_stays("reply", get_args(State), ()),
    *_stays("escalate", OPEN, ()),
)

STEPS: Mapping[tuple[State, Step], Row] = MappingProxyType({(row.source, row.step): row for row in TABLE})

OF_THE_PRODUCT: frozenset[Step] = frozenset({"receive", "reply", "escalate"})
"""Steps that nobody asks for by an operation of a complaint."""

ASKED_FOR: tuple[Step, ...] = tuple(step for step in get_args(Step) if step not in OF_THE_PRODUCT)
"""The steps that people take, in the order of the path."""

FACT_OF: Mapping[Step, str] = MappingProxyType(
    {
        "receive": events.RECEIVED,
        "acknowledge": events.ACKNOWLEDGED,
        "identify": events.IDENTIFIED,
        "assess": events.ASSESSED,
        "assign": events.ASSIGNED,
        "investigate": events.INVESTIGATED,
        "wait_customer": events.PAUSED,
        "resume": events.RESUMED,
        "propose": events.SOLUTION_PROPOSED,
        "approve": events.SOLUTION_APPROVED,
        "send_back": events.SOLUTION_RETURNED,
        "communicate": events.COMMUNICATED,
        "accept": events.ACCEPTED,
        "refuse": events.REFUSED,
        "implement": events.IMPLEMENTED,
        "resolve": events.RESOLVED,
        "attempt": events.ATTEMPTED,
        "close": events.CLOSED,
        "reject": events.REJECTED,
        "withdraw": events.WITHDRAWN,
        "reopen": events.REOPENED,
        "inform": events.INFORMED,
        "reply": events.REPLIED,
    }
)
"""What each step is told as."""

TELLS: Mapping[Step, tuple[Audience, ...]] = MappingProxyType(
    {
        "receive": ("assignee", "owner", "manager"),
        "identify": ("owner",),
        "assign": ("assignee",),
        "propose": ("approver",),
        "approve": ("assignee", "proposer"),
        "send_back": ("assignee", "proposer"),
        "communicate": ("owner",),
        "accept": ("assignee",),
        "refuse": ("assignee", "manager"),
        "reply": ("assignee", "manager"),
        "resolve": ("owner",),
        "close": ("owner",),
        "reject": ("approver",),
        "withdraw": ("assignee", "owner"),
        "reopen": ("assignee", "owner", "manager"),
    }
)
"""Who hears of a step in their inbox: whoever took it does not, nor does whom the complaint is about."""


class NotAPath(Exception):
    """These steps do not lead anywhere: one of them does not begin where the one before ended."""


def replay(steps: Iterable[Mapping[str, Any]]) -> State | None:
    """The state to which these steps lead, in their order; None for none. Raises ``NotAPath``."""
    state: State | None = None
    waited_from: State | None = None
    for taken in steps:
        step, source, target = taken["step"], taken["from_state"], taken["to_state"]
        if source != state:
            raise NotAPath(f"{step} from {source}, but it was {state}")
        if state is None:
            if (step, target) != ("receive", "received"):
                raise NotAPath(f"It began with {step} to {target}")
        else:
            row = STEPS.get((state, step))
            if row is None or target != (row.target or waited_from):
                raise NotAPath(f"{step} from {state} to {target}")
            if step == "wait_customer":
                waited_from = state
        state = target
    return state
