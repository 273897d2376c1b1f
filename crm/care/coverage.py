"""How far completed visits went by the plans (``domain.md`` B1, "Adherence"): one statement for any period.

Targets are the customers with planned visits in the plans of the months that begin in the period. A visit counts for
whoever owns it, on the day it was completed. Every pair of a person and a customer is taken once, so all sums add up
over people, teams and regions; shares are made last.
"""

from datetime import date
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    Date,
    FromClause,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSON

from crm.actor import Sight
from crm.calendars.whose import days_away, user_calendars
from crm.care.coverage_schemas import CoverageQuery
from crm.care.field_days import by_calendar
from crm.care.models import visit_plan_lines, visit_plans
from crm.care.plan_queries import VISIT_PLAN
from crm.care.vocabulary import GroupBy
from crm.customers.models import customers
from crm.database import Access, statement
from crm.days import begin_of, today
from crm.tables import at_home
from crm.visits.models import visits
from crm.visits.queries import VISIT
from crm.workspaces.models import teams, users

FROM, TO = bindparam("from", type_=Date), bindparam("to", type_=Date)
SUMS = ("targets", "reached", "contacts", "attained", "kept", "planned", "visits", "unplanned")

FIGURES = {
    "coverage": ("reached", "targets", "targets with at least one completed visit / targets"),
    "frequency": ("contacts", "reached", "completed visits to targets / targets visited"),
    "attainment": ("attained", "targets", "targets with at least as many visits as planned / targets"),
    "adherence": ("kept", "planned", "sum over targets of min(completed, planned) / sum of planned"),
    "call_rate": ("visits", "field_days", "completed visits / working days of the people less leave, up to today"),
    "unplanned_share": ("unplanned", "visits", "completed visits to customers outside the plan / completed visits"),
}
"""Figure → numerator, denominator, and how it is told."""


async def read(access: Access, wanted: CoverageQuery) -> bytes:
    """The figures by user, team or region."""
    given = {"from": wanted.from_, "to": wanted.to}
    one_plan = _months_begun(wanted.from_, wanted.to) <= 1
    found: str = await access.value(_coverage(access.actor.sight, wanted.group_by, one_plan), **given)
    frame = orjson.dumps({"group_by": wanted.group_by, **given})
    return b'%b,"data":%b}' % (frame[:-1], found.encode())


def _months_begun(first: date, last: date) -> int:
    """How many months begin from the first of these days to the last: so many plans of a person are counted."""
    return (last.year - first.year) * 12 + last.month - first.month + (first.day == 1)


def _pairs(sight: Sight, one_plan: bool) -> CTE:
    """Each person and customer with what was planned and what was done.

    ``one_plan``: no person has more than one plan in this period, so no customer of theirs stands in two lines.
    """
    p, line, v = visit_plans.c, visit_plan_lines.c, visits.c
    planned = (
        select(p.owner_id, line.customer_id, line.planned)
        .join_from(
            visit_plans,
            visit_plan_lines,
            and_(line.workspace_id == p.workspace_id, line.plan_id == p.id, line.planned > 0),
        )
        .where(at_home(visit_plans), at_home(visit_plan_lines), p.month.between(FROM, TO), VISIT_PLAN.visible(sight))
    )
    # Each worked out once: in a plan that is kept for all values it would be worked out anew for every visit.
    begin, end = (select(moment).scalar_subquery() for moment in (begin_of(FROM), begin_of(TO, -1)))
    done = select(v.owner_id, v.customer_id).where(
        at_home(visits), v.completed_at >= begin, v.completed_at < end, VISIT.visible(sight)
    )
    return (_side_by_side(planned, done) if one_plan else _summed(planned, done)).cte("pairs")


def _side_by_side(planned: Select[Any], done: Select[Any]) -> Select[Any]:
    """Where each pair is planned once, only what was done has to be summed: a third of the pairs, and not on disk."""
    plan, visited = planned.subquery("plan"), done.subquery("visited")
    number = cast(func.count(), Integer).label("done")
    keys = ("owner_id", "customer_id")
    sums = select(visited.c.owner_id, visited.c.customer_id, number).group_by(*(visited.c[key] for key in keys))
    was = sums.subquery("was")
    either = plan.join(was, and_(*(plan.c[key] == was.c[key] for key in keys)), full=True)
    pair = [func.coalesce(plan.c[key], was.c[key]).label(key) for key in keys]
    figures = [func.coalesce(side.c[name], 0).label(name) for side, name in ((plan, "planned"), (was, "done"))]
    return select(*pair, *figures).select_from(either)


def _summed(planned: Select[Any], done: Select[Any]) -> Select[Any]:
    """Put together and summed once: two sums and a full join of 200,000 pairs take twice the memory, on disk."""
    none = literal(0, Integer)
    both = union_all(planned.add_columns(none.label("done")), done.add_columns(none, literal(1, Integer)))
    each = both.subquery("each")
    keys = (each.c.owner_id, each.c.customer_id)
    sums = (func.sum(each.c[name]).label(name) for name in ("planned", "done"))
    return select(*keys, *sums).group_by(*keys)


def _sums(pairs: FromClause) -> list[ColumnElement[Any]]:
    planned, done = pairs.c.planned, pairs.c.done
    target = planned > 0

    def total(value: ColumnElement[Any], *where: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.coalesce(func.sum(value).filter(and_(true(), *where)), 0)

    found = {
        "targets": func.count().filter(target),
        "reached": func.count().filter(target, done > 0),
        "contacts": total(done, target),
        "attained": func.count().filter(target, done >= planned),
        "kept": total(func.least(done, planned), target),
        "planned": total(planned, target),
        "visits": total(done),
        "unplanned": total(done, ~target),
    }
    return [found[name].label(name) for name in SUMS]


def _of_users(pairs: CTE) -> CTE:
    """The sums of each person, with their team and the days they could be in the field."""
    sums = select(pairs.c.owner_id, *_sums(pairs)).group_by(pairs.c.owner_id).subquery("sums")
    of = user_calendars()
    until = func.least(TO, today())
    each = select(of.c.calendar_id).distinct().subquery("each_calendar")
    days = select(each.c.calendar_id, by_calendar(each.c.calendar_id, FROM, until).label("days")).subquery("days")
    at_work = days.c.days - days_away(of.c.calendar_id, users.c.id, FROM, until)
    return (
        select(users.c.id, users.c.name, users.c.team_id, *(sums.c[name] for name in SUMS), at_work.label("days"))
        .select_from(
            sums.join(users, and_(at_home(users), users.c.id == sums.c.owner_id))
            .join(of, of.c.user_id == users.c.id)
            .outerjoin(days, days.c.calendar_id.is_not_distinct_from(of.c.calendar_id))
        )
        .cte("of_users")
    )


def _by_user(pairs: CTE) -> Select[Any]:
    of = _of_users(pairs)
    return select(of.c.id, of.c.name, *(of.c[name] for name in SUMS), of.c.days.label("field_days"))


def _by_team(pairs: CTE) -> Select[Any]:
    """Each team with all below it; people without a team stand by themselves."""
    of = _of_users(pairs)
    start = select(teams.c.id.label("team_id"), teams.c.id.label("above_id")).where(at_home(teams))
    above = start.cte("above", recursive=True)
    up = teams.alias("up")
    above = above.union(
        select(above.c.team_id, up.c.parent_id).where(
            at_home(up), up.c.id == above.c.above_id, up.c.parent_id.is_not(None)
        )
    )
    everyone = of.outerjoin(above, above.c.team_id == of.c.team_id).outerjoin(
        teams, and_(at_home(teams), teams.c.id == above.c.above_id)
    )
    total = [cast(func.sum(of.c[name]), Integer).label(name) for name in SUMS]
    days = cast(func.sum(of.c.days), Integer).label("field_days")
    return select(teams.c.id, teams.c.name, *total, days).select_from(everyone).group_by(teams.c.id, teams.c.name)


def _by_region(pairs: CTE) -> Select[Any]:
    """By the customers' regions. A day in the field belongs to no region."""
    there = pairs.join(customers, and_(at_home(customers), customers.c.id == pairs.c.customer_id))
    return (
        select(
            cast(null(), Uuid).label("id"), customers.c.region.label("name"), *_sums(pairs),
            literal(0, Integer).label("field_days"),
        )
        .select_from(there)
        .group_by(customers.c.region)
    )  # fmt: skip


GROUPS = {"user": _by_user, "team": _by_team, "region": _by_region}


@statement
def _coverage(sight: Sight, group_by: GroupBy, one_plan: bool) -> Select[Any]:
    rows = GROUPS[group_by](_pairs(sight, one_plan)).subquery("rows")
    told: list[Any] = [part for name in ("id", "name", "targets", "visits") for part in (name, rows.c[name])]
    for figure, (of, n, formula) in FIGURES.items():
        told += [figure, _figure(rows.c[of], rows.c[n], formula)]
    line = func.json_build_object(*told)
    order = [rows.c.name.nulls_last(), rows.c.id]
    data = func.coalesce(func.json_agg(line).aggregate_order_by(*order), cast(literal_column("'[]'"), JSON))
    return select(cast(data, Text)).select_from(rows)


def _figure(of: ColumnElement[Any], n: ColumnElement[Any], formula: str) -> ColumnElement[Any]:
    value = case((n > 0, func.round(cast(of, Numeric) / func.nullif(n, 0), 4)))
    return func.json_build_object("value", value, "of", of, "n", n, "formula", literal(formula, Text))
