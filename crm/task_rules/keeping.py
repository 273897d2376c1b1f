"""What a rule did, day by day: how many tasks it made, whom it left out and why, what went wrong."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Column,
    Date,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, Insert, insert

from crm.actor import NOBODY
from crm.database import Transaction, statement
from crm.task_rules.queries import Rule
from crm.tasks.origins import task_rule_runs, task_rules

r = task_rule_runs.c


class Run(NamedTuple):
    """A night's work of a rule, as far as it has come."""

    rule: Rule
    after: UUID


async def next_run(tx: Transaction, day: date) -> Run | None:
    """The next nightly rule whose work of this day is not done; None when all are."""
    row = await tx.row(_next(), day=day)
    if row is None:
        return None
    return Run(Rule(*(row[name] for name in Rule._fields)), row["after"] or NOBODY)


async def go_on(
    tx: Transaction, rule_id: UUID, day: date, *, made: int, skipped: Mapping[str, int], after: UUID | None
) -> None:
    """A batch is done; ``after`` is where the next one begins, None when there is none."""
    state = "done" if after is None else "running"
    await tx.row(_keep(), rule_id=rule_id, day=day, made=made, skipped=dict(skipped), state=state, after=after,
                 failed=0, fault=None)  # fmt: skip


async def broke_off(tx: Transaction, rule_id: UUID, day: date, fault: str) -> None:
    """It went wrong: this day\'s work ends here, what was made stays."""
    await tx.row(_keep(), rule_id=rule_id, day=day, made=0, skipped={}, state="failed", after=None, failed=1,
                 fault=fault)  # fmt: skip


def tally(reasons: list[str | None]) -> tuple[int, dict[str, int]]:
    """How many get a task, and how many do not, by reason."""
    counts = Counter(reasons)
    makes = counts.pop(None, 0)
    return makes, {str(reason): number for reason, number in counts.items()}


@statement
def _next() -> Select[Any]:
    t, home = task_rules.c, bindparam("workspace_id", type_=Uuid)
    mine = and_(r.workspace_id == home, r.rule_id == t.id, r.day == bindparam("day", type_=Date))
    nightly = t.trigger["kind"].astext == "nightly"
    return (
        select(*(t[name] for name in Rule._fields), r.after)
        .select_from(task_rules.outerjoin(task_rule_runs, mine))
        .where(t.workspace_id == home, t.enabled, nightly, r.state.is_(None) | (r.state == "running"))
        .order_by(t.id)
        .limit(1)
    )


@statement
def _keep() -> Insert:
    given = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "rule_id": bindparam("rule_id", type_=Uuid),
        "day": bindparam("day", type_=Date),
        "state": bindparam("state", type_=Text),
        "after": bindparam("after", type_=Uuid),
        "made": bindparam("made", type_=Integer),
        "skipped": bindparam("skipped", type_=JSONB),
        "failed": bindparam("failed", type_=Integer),
        "last_error": bindparam("fault", type_=Text),
        "finished_at": case((bindparam("state", type_=Text) != "running", func.now())),
    }
    new = insert(task_rule_runs).values(**given)
    # The sum, reason by reason. By name: in this place, SQLAlchemy would select from both tables anew.
    before, more = (literal_column(f"{row}.skipped", JSONB) for row in ("task_rule_runs", "excluded"))
    either = func.jsonb_each(before.op("||")(more)).table_valued(
        Column("key", Text), Column("value", JSONB), name="either"
    )
    numbers = [cast(side.op("->>")(either.c.key), Integer) for side in (before, more)]
    both = func.coalesce(numbers[0], 0) + func.coalesce(numbers[1], 0)
    summed = select(func.coalesce(func.jsonb_object_agg(either.c.key, both), func.jsonb_build_object()))
    return new.on_conflict_do_update(
        index_elements=["workspace_id", "rule_id", "day"],
        set_={
            "state": new.excluded.state,
            "after": new.excluded.after,
            "finished_at": new.excluded.finished_at,
            "made": r.made + new.excluded.made,
            "failed": r.failed + new.excluded.failed,
            "skipped": summed.select_from(either).scalar_subquery(),
            "last_error": func.coalesce(new.excluded.last_error, r.last_error),
            "updated_at": func.now(),
            "version": r.version + 1,
        },
    )
