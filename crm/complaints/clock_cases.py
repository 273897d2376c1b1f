"""What a complaint's clocks depend on: which policy holds for it, and by whose calendar it goes (``domain.md`` B7, B8).

The calendar is the policy's, else that of whoever handles the complaint (their own, their team's, the next team's
above), else the workspace's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import FromClause, Integer, Select, Text, Uuid, and_, any_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from crm.calendars.hours import OFFICE
from crm.calendars.prepared import working_times
from crm.calendars.whose import user_calendars
from crm.calendars.working_time import WorkingTime, around_the_clock
from crm.complaints.models import complaints
from crm.customers.models import customers
from crm.database import Access, Transaction, statement
from crm.sla.policies import percents_of, promises_of
from crm.sla.promises import Promise
from crm.sla.queries import PROMISED, holding_for
from crm.sla.vocabulary import ClockKind, Severity
from crm.tables import Moment
from crm.workspaces.models import workspaces

_ALL_DAY = around_the_clock()
_NO_CALENDAR: dict[str, WorkingTime] = {}


class Policy(NamedTuple):
    """The policy that holds for a case."""

    id: UUID
    promises: Mapping[ClockKind, Promise]
    percents: frozenset[int]


class Goes(NamedTuple):
    """What a clock goes by; without a calendar, which a workspace lacks only for a moment, by office hours."""

    around_the_clock: bool
    calendar_id: UUID | None


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint as its clocks see it, at a moment of the database's clock."""

    id: UUID
    received_at: datetime
    cycle: int
    now: datetime
    timezone: str
    goes: Goes
    policy: Policy | None


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


async def case_of(tx: Transaction, timed: Timed) -> Case:
    """What holds for a complaint as it is said to be, whether it is written so yet or not."""
    row = await tx.row(_case_of(), **asdict(timed))
    if row is None:
        raise LookupError("a workspace has gone")
    return _read(row)


async def cases(tx: Transaction, ids: Sequence[UUID]) -> list[Case]:
    """What holds for these complaints, which are locked."""
    return [_read(row) for row in await tx.rows(_cases(), ids=list(ids))]


async def times(access: Access, timezone: str, wanted: Iterable[Goes]) -> dict[Goes, WorkingTime]:
    """Working time by each of these. Two short statements at most."""
    every = set(wanted)
    calendars = await working_times(access, {one.calendar_id for one in every if one.calendar_id is not None})
    return {one: _time(one, calendars, timezone) for one in every}


def _time(goes: Goes, calendars: Mapping[UUID, WorkingTime], timezone: str) -> WorkingTime:
    if goes.around_the_clock:
        return _ALL_DAY
    if goes.calendar_id is not None and goes.calendar_id in calendars:
        return calendars[goes.calendar_id]
    return _NO_CALENDAR.setdefault(timezone, WorkingTime(timezone, OFFICE))


def _read(row: Any) -> Case:
    goes = Goes(bool(row["around_the_clock"]), None if row["around_the_clock"] else row["calendar_id"])
    return Case(row["id"], row["received_at"], row["cycle"], row["now"], row["timezone"], goes, _policy(row))


def _policy(row: Any) -> Policy | None:
    return None if row["policy_id"] is None else Policy(row["policy_id"], promises_of(row), percents_of(row))


@statement
def _case_of() -> Select[Any]:
    types: dict[str, Any] = {
        "id": Uuid, "received_at": Moment, "severity": Text, "category": Text, "customer_id": Uuid,
        "assignee_id": Uuid, "cycle": Integer,
    }  # fmt: skip
    said = select(*(bindparam(name, type_=type_).label(name) for name, type_ in types.items()))
    return _holding(said.cte("said").prefix_with("MATERIALIZED"))


@statement
def _cases() -> Select[Any]:
    c = complaints.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    locked = (
        select(c.id, c.received_at, c.severity, c.category, c.customer_id, c.assignee_id, c.cycle)
        .where(at_home, c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .order_by(c.id)
        .with_for_update(key_share=True)
        .cte("locked")
        .prefix_with("MATERIALIZED")
    )
    return _holding(locked).order_by(locked.c.id)


def _holding(row: FromClause) -> Select[Any]:
    """These complaints, each with its policy, calendar and the moment it is."""
    of, w, k = user_calendars(), workspaces.c, customers.c
    home = bindparam("workspace_id", type_=Uuid)
    policy = holding_for(row.c.severity, k["class"], row.c.category)
    p = policy.c
    return select(
        row.c.id,
        row.c.received_at,
        row.c.cycle,
        func.now().label("now"),
        w.timezone,
        func.coalesce(p.calendar_id, of.c.calendar_id, w.calendar_id).label("calendar_id"),
        p.id.label("policy_id"),
        p.thresholds,
        p.escalation,
        *(p[name] for name in PROMISED),
    ).select_from(
        row.join(workspaces, w.workspace_id == home)
        .outerjoin(customers, and_(k.workspace_id == home, k.id == row.c.customer_id))
        .outerjoin(policy, true())
        .outerjoin(of, of.c.user_id == row.c.assignee_id)
    )
