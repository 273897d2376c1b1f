"""How a step is taken: the complaint is held, the table of rules decides, then step, change and fact are one statement.

Of two who take a step at the same moment one does; the other waits, and is told how it stands by then.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Insert, Text, Uuid, bindparam, case, func, insert, literal, literal_column, select
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.complaints import clocks, standing, telling
from crm.complaints.cases import Case, who_is
from crm.complaints.clocks import Timed
from crm.complaints.errors import AssigneeIsResponsible, StepIsForOthers, StepNeedsMore, StepNotPossible
from crm.complaints.events import SEVERITY_CHANGED
from crm.complaints.models import ASSIGNEE_IS_NOT_RESPONSIBLE, complaint_steps, complaints
from crm.complaints.needs import in_words, unmet
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import ASKED_FOR, FACT_OF, STEPS
from crm.complaints.vocabulary import Step
from crm.database import Transaction, statement
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed

REFUSALS = {f"ck_complaints_{ASSIGNEE_IS_NOT_RESPONSIBLE}": AssigneeIsResponsible}

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Sent:
    """What comes with a step: new values, a note for its history, and what only the step itself needs to know."""

    values: Mapping[str, Any] = field(default_factory=dict)
    note: str | None = None
    reached: bool = False
    confirmed: bool = False


async def take(tx: Transaction, step: Step, complaint_id: UUID, sent: Sent) -> Answer:
    """Take this step of the path.

    Raises ``NotFound``, ``Stale``, ``StepNotPossible``, ``StepIsForOthers``, ``StepNeedsMore``,
    ``AssigneeIsResponsible``.
    """
    now, row = await standing.locked(tx, complaint_id)
    await explain(tx, COMPLAINT, complaint_id)
    decide(tx, step, now, sent)
    values = dict(sent.values)
    target = STEPS[now.state, step].target or now.resume_to
    if target != now.state:
        values["state"] = target
    late = step == "reopen" and (now.days_over or 0) > tx.actor.settings["complaints"]["continue_days"]
    if late:
        values["cycle"] = row["cycle"] + 1
    was = timed(row)
    will_be = replace(was, **{name: values[name] for name in _TIMED if name in values})
    due_at = await clocks.turn(tx, step, will_be, was)
    if due_at != row["due_at"]:
        values["due_at"] = due_at
    answer = None
    if values.get("severity", now.severity) != now.severity:
        severity = {"severity": values.pop("severity")}
        answer = await _change(tx, complaint_id, SEVERITY_CHANGED, severity, None, None)
    answer = await _change(tx, complaint_id, FACT_OF[step], values, step, sent.note) or answer
    if answer is None:
        return await explain(tx, COMPLAINT, complaint_id)
    await telling.tell(tx, step, complaint_id, proposer_id=now.proposed_by)
    return answer


def decide(tx: Transaction, step: Step, now: Case, sent: Sent) -> None:
    """Raise what keeps the actor from taking the step, with everything that is missing named at once."""
    who = who_is(tx.actor)
    with_sent = standing.with_sent(now, sent.values, reached=sent.reached, confirmed=sent.confirmed)
    held = unmet(step, now, who, with_sent)
    if held.by_state:
        possible = [one for one in ASKED_FOR if (now.state, one) in STEPS]
        raise StepNotPossible(state=now.state, step=step, possible=possible)
    if held.needs:
        refusal = StepIsForOthers if held.of("who") else StepNeedsMore
        raise refusal(state=now.state, step=step, missing=in_words(held.needs))


_TIMED = ("severity", "category", "customer_id", "assignee_id", "team_id", "cycle")


def timed(row: Row) -> Timed:
    """The complaint as far as its clocks depend on it."""
    return Timed(id=row["id"], received_at=row["received_at"], **{name: row[name] for name in _TIMED})


async def _change(
    tx: Transaction, complaint_id: UUID, event_type: str, values: Row, step: Step | None, note: str | None
) -> Answer | None:
    """One change and its fact, with the row of the step; None where nothing would change. It is held by us."""
    wanted = _changed(tx.actor.sight, step, frozenset(values))
    return await record(
        tx, event_type, wanted, refusals=REFUSALS, id=complaint_id, if_match=None, note=note, **renamed(values)
    )


@statement
def _changed(sight: Sight, step: Step | None, columns: frozenset[str]) -> Insert:
    if step is None:
        return changing(COMPLAINT, sight, columns)
    return changing(COMPLAINT, sight, columns, values=GIVEN.get(step, dict)(), also=partial(written, step))


def written(step: Step, changed: CTE) -> Iterable[Insert]:
    """The row of a step, from the old and the new row of the complaint; parameter ``note``."""
    c = changed.c
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "complaint_id": c.id,
        "step": literal(step, Text),
        "from_state": c.old_row["state"].astext,
        "to_state": c.state,
        "at": func.clock_timestamp(),
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        "note": bindparam("note", type_=Text),
    }
    return [insert(complaint_steps).from_select(list(row), select(*row.values()).select_from(changed))]


def _me() -> ColumnElement[Any]:
    return bindparam("user_id", type_=Uuid)


_UNDECIDED = dict.fromkeys(("proposed_by", "proposed_at", "approved_by", "approved_at", "communicated_at"))

GIVEN: Mapping[Step, Callable[[], dict[str, Any]]] = {
    "acknowledge": lambda: {"acknowledged_at": func.now(), "acknowledged_by": _me()},
    "assess": lambda: {"assessed_at": func.now()},
    "propose": lambda: {"proposed_by": _me(), "proposed_at": func.now(), "approved_by": None, "approved_at": None},
    "approve": lambda: {"approved_by": _me(), "approved_at": func.now()},
    "inform": lambda: {"informed_at": func.now()},
    "reply": lambda: {"replied_at": func.now()},
    "communicate": lambda: {"communicated_at": func.now(), "informed_at": func.now()},
    "implement": lambda: {"implemented_at": func.now()},
    "resolve": lambda: {
        "implemented_at": func.coalesce(complaints.c.implemented_at, func.now()),
        "resolved_at": func.now(),
    },
    "close": lambda: {"closed_at": func.now()},
    "reject": lambda: {"proposed_by": _me(), "proposed_at": func.now(), "approved_by": None, "approved_at": None},
    # What was rejected is judged anew; what was proposed is worked over.
    "send_back": lambda: {**_UNDECIDED, **_unrejected()},
    "refuse": lambda: dict(_UNDECIDED),
    "wait_customer": lambda: {"resume_to": complaints.c.state},
    "resume": lambda: {"resume_to": None},
    "withdraw": lambda: {"resume_to": None},
    "reopen": lambda: {
        **_UNDECIDED,
        **dict.fromkeys(("implemented_at", "resolved_at", "closed_at", "closed_because", "check_effect_on")),
        **_unrejected(),
        "close_attempts": literal_column("'[]'::jsonb"),
        "effective": None,
        "satisfaction": None,
        "reopened_count": complaints.c.reopened_count + 1,
    },
}
"""What Postgres works out for a step, beside what is sent with it."""


def _unrejected() -> dict[str, Any]:
    rejected = complaints.c.validity == "rejected"
    return {
        "validity": case((rejected, "pending"), else_=complaints.c.validity),
        "rejection_reason": None,
        "alternatives_told": None,
    }
