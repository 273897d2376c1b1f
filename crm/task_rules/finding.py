"""For whom a nightly rule holds, and what it would make of each: one statement over all of them.

Who acts, by which calendar and until when is worked out in the same statement, set by set: the owner or their manager,
the day on which the condition begins to hold, the cycle, the working day on which the task is due. The time of day
becomes a moment in Python (``crm.clock``), once for each day and zone.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Subquery,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
)

from crm.calendars.whose import user_calendars, working_days_after
from crm.database import Access, statement
from crm.task_rules.conditions import CONDITIONS
from crm.task_rules.conditions.kinds import TODAY, Variant
from crm.task_rules.vocabulary import Unit, Whom
from crm.tasks.models import tasks
from crm.workspaces.models import users, workspaces
from crm.workspaces.superiors import superiors


class Candidate(NamedTuple):
    """Somebody for whom a rule holds tonight; ``skipped`` says why there will be no task all the same."""

    id: UUID
    customer_id: UUID | None
    name: str
    customer_name: str
    day: date
    due_on: date
    assignee_id: UUID | None
    language: str | None
    timezone: str | None
    dedupe_key: str
    skipped: str | None


class Look(NamedTuple):
    """How a rule looks for its candidates: what of it shapes the statement, and what it names."""

    condition: str
    variant: Variant
    whom: Whom
    unit: Unit
    minds_peace: bool
    values: Mapping[str, Any]

    @property
    def shape(self) -> tuple[Any, ...]:
        """What shapes the statement."""
        return self[:-1]


async def candidates(access: Access, look: Look, *, after: UUID, most: int) -> list[Candidate]:
    """A batch of them in the order of their ids, those beyond ``after``, without those who have their task already."""
    rows = await access.rows(_batch(*look.shape), after=after, most=most, **look.values)
    return [Candidate(*row) for row in rows]


async def counted(access: Access, look: Look) -> dict[str | None, int]:
    """How many there are in all, by the reason for which they are left out; None for those who get a task."""
    return {row["skipped"]: row["number"] for row in await access.rows(_counted(*look.shape), **look.values)}


@statement
def _batch(condition: str, variant: Variant, whom: Whom, unit: Unit, minds_peace: bool) -> Select[Any]:
    found = _found(condition, variant, whom, unit, minds_peace)
    columns = [found.c[name] for name in Candidate._fields]
    beyond = select(*columns).where(found.c.id > bindparam("after", type_=Uuid)).cte("beyond")
    # Found as a set first: for the sake of a limit, Postgres would go along the ids and look each thing up by itself,
    # ten times as long where hardly anybody is left.
    beyond = beyond.prefix_with("MATERIALIZED")
    return select(beyond).order_by(beyond.c.id).limit(bindparam("most", type_=Integer))


@statement
def _counted(condition: str, variant: Variant, whom: Whom, unit: Unit, minds_peace: bool) -> Select[Any]:
    found = _found(condition, variant, whom, unit, minds_peace)
    return select(found.c.skipped, func.count().label("number")).group_by(found.c.skipped)


def _found(condition: str, variant: Variant, whom: Whom, unit: Unit, minds_peace: bool) -> Subquery:
    watched = CONDITIONS[condition]
    rows = watched.rows(variant).subquery("rows")
    home = bindparam("workspace_id", type_=Uuid)
    of, who, owner = user_calendars(), users.alias("who"), users.alias("owner")
    source: Any = rows.outerjoin(owner, and_(owner.c.workspace_id == home, owner.c.id == rows.c.owner_id))
    owner_is_gone = rows.c.owner_id.is_not(None) & owner.c.state.is_distinct_from("active")
    wanted: ColumnElement[Any]
    if whom == "manager":
        above = superiors()
        source = source.outerjoin(above, above.c.user_id == rows.c.owner_id)
        wanted = above.c.manager_id
    else:
        wanted = rows.c.owner_id if whom == "owner" else bindparam("rule_user_id", type_=Uuid)
    source = source.outerjoin(
        who, and_(who.c.workspace_id == home, who.c.id == wanted, who.c.state == "active")
    ).outerjoin(of, of.c.user_id == func.coalesce(who.c.id, owner.c.id))
    default = select(workspaces.c.calendar_id).where(workspaces.c.workspace_id == home).scalar_subquery()
    calendar_id = func.coalesce(of.c.calendar_id, default, type_=Uuid)
    skipped = case(
        (who.c.id.is_not(None) & rows.c.left_alone & literal(minds_peace), "do_not_contact"),
        (who.c.id.is_not(None), cast(null(), Text)),
        (rows.c.owner_id.is_(None), "no_owner"),
        (literal(whom == "manager") & ~owner_is_gone, "no_manager"),
        else_="owner_gone",
    )
    # Worked out once for each row, not wherever it is named.
    begun = (
        select(watched.begins(variant, calendar_id, rows.c.day).label("begins"), calendar_id.label("calendar_id"))
        .correlate(rows, of)
        .offset(0)
        .lateral("begun")
    )
    source = source.join(
        begun,
        and_(
            begun.c.begins <= TODAY,
            rows.c.until.is_(None) | (rows.c.until >= TODAY),
            *([] if watched.late is None else [begun.c.begins >= TODAY - watched.late]),
        ),
    )
    count = bindparam("rule_count", type_=Integer)
    later = cast(TODAY + count, Date)
    due_on: ColumnElement[date] = later
    if unit == "working_days":
        due_on = func.coalesce(working_days_after(begun.c.calendar_id, TODAY, count), later, type_=Date)
    again = bindparam("rule_again", type_=Integer)
    round_ = case((again.is_not(None), func.concat(":", (TODAY - begun.c.begins) // again)), else_="")
    key = func.concat(
        "rule:", cast(bindparam("rule_id", type_=Uuid), Text), ":", cast(rows.c.id, Text), ":",
        func.to_char(begun.c.begins, "YYYY-MM-DD"), round_, type_=Text,
    )  # fmt: skip
    made = exists().where(tasks.c.workspace_id == home, tasks.c.dedupe_key == key)
    return (
        select(
            rows.c.id, rows.c.customer_id, rows.c.name, rows.c.customer_name, rows.c.day, due_on.label("due_on"),
            who.c.id.label("assignee_id"), who.c.language, who.c.timezone, key.label("dedupe_key"),
            skipped.label("skipped"),
        )
        .select_from(source)
        .where(~made)
        .subquery("found")
    )  # fmt: skip
