"""How each sale stood at the end of each day: a row only for days on which it stood otherwise than the day before.

Taken after midnight on the workspace's clock, in sets: what stands as it stood costs no row. A sale's rows never
overlap, and the last of them holds until further notice.
"""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Delete,
    Insert,
    Integer,
    and_,
    bindparam,
    case,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from crm.database import Transaction, statement
from crm.forecasts.models import opportunity_days
from crm.opportunities.models import opportunities
from crm.opportunities.worth import category, probability
from crm.pipelines.models import pipeline_stages
from crm.tables import home

FOR_EVER = date(9999, 12, 31)

KEPT = (
    "standing", "pipeline_id", "stage_id", "owner_id", "team_id", "amount", "currency", "probability", "category",
    "expected_close_on", "closed_on",
)  # fmt: skip


async def take(tx: Transaction, day: date, *, most: int) -> bool:
    """Keep how a batch of sales stands as of this day; whether there may be more. Taking a day twice is taking it once.

    No day before the last one taken can be taken any more.
    """
    return len(await tx.rows(_take(), day=day, most=most)) >= most


async def forget(tx: Transaction, day: date) -> date:
    """Drop what is older than the workspace keeps; the first day that is still known."""
    first = day - timedelta(days=tx.actor.settings["opportunities"]["snapshot_days"])
    await tx.rows(_forget(), first=first)
    return first


def as_it_stands() -> Any:
    """Every sale as it stands now, in the columns of a snapshot."""
    stage, c = pipeline_stages.alias("stage"), opportunities.c
    is_archived = c.archived_at.is_not(None)
    columns: dict[str, ColumnElement[Any]] = {name: c[name] for name in KEPT if name in c}
    columns |= {
        "standing": case((is_archived, "archived"), else_=c.state),
        "probability": probability(opportunities, stage),
        "category": case((is_archived, "omitted"), else_=category(opportunities, stage)),
    }
    in_stage = and_(stage.c.workspace_id == c.workspace_id, stage.c.id == c.stage_id)
    return (
        select(c.id.label("opportunity_id"), *(columns[name].label(name) for name in KEPT))
        .select_from(opportunities.join(stage, in_stage))
        .where(c.workspace_id == home())
    )


@statement
def _take() -> Insert:
    now, held, day = as_it_stands().cte("stands"), opportunity_days.alias("held"), bindparam("day", type_=Date)
    n, h = now.c, held.c
    still = and_(h.workspace_id == home(), h.opportunity_id == n.opportunity_id, h.until_day == FOR_EVER)
    changed = or_(*(h[name].is_distinct_from(n[name]) for name in KEPT))
    other = (
        select(n.opportunity_id, *(n[name] for name in KEPT), h.from_day.label("held_from"))
        .select_from(now.outerjoin(held, still))
        .where(or_(h.opportunity_id.is_(None), and_(changed, h.from_day <= day)))
        .limit(bindparam("most", type_=Integer))
        .cte("otherwise")
    )
    d = opportunity_days.c
    ended = (
        update(opportunity_days)
        .where(
            d.workspace_id == home(),
            d.opportunity_id == other.c.opportunity_id,
            d.from_day == other.c.held_from,
            d.from_day < day,
        )
        .values(until_day=day)
        .cte("ended")
    )
    columns = ["workspace_id", "from_day", "opportunity_id", *KEPT]
    rows = select(home(), day, other.c.opportunity_id, *(other.c[name] for name in KEPT))
    begun = insert(opportunity_days).from_select(columns, rows).add_cte(ended)
    return begun.on_conflict_do_update(
        index_elements=["workspace_id", "opportunity_id", "from_day"],
        set_={name: begun.excluded[name] for name in KEPT},
    ).returning(opportunity_days.c.opportunity_id)


@statement
def _forget() -> Delete:
    d = opportunity_days.c
    return delete(opportunity_days).where(d.workspace_id == home(), d.until_day <= bindparam("first", type_=Date))


def held_on(day: ColumnElement[Any]) -> ColumnElement[bool]:
    """The rows that say how sales stood at the end of a day."""
    d = opportunity_days.c
    return and_(d.workspace_id == home(), d.from_day <= day, d.until_day > day)
