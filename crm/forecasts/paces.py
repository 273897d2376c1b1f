"""How long each stage takes where it ends well: the median of the days that sales won in a year spent there."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, Insert, Numeric, and_, cast, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from crm.database import Transaction, statement
from crm.days import today
from crm.opportunities.models import opportunities, opportunity_moves, stage_paces
from crm.tables import home

YEAR = timedelta(days=365)
DAY = 86_400


async def measure(tx: Transaction) -> None:
    """Work the medians out anew."""
    await tx.rows(_drop())
    await tx.rows(_measure())


@statement
def _drop() -> Delete:
    return delete(stage_paces).where(stage_paces.c.workspace_id == home())


@statement
def _measure() -> Insert:
    m, o = opportunity_moves.c, opportunities.c
    # Who comes back to a stage has been there for both times together.
    spent = (
        select(m.from_stage_id.label("stage_id"), func.sum(m.seconds_in_stage).label("seconds"))
        .select_from(
            opportunities.join(
                opportunity_moves, and_(m.workspace_id == o.workspace_id, m.opportunity_id == o.id)
            )
        )
        .where(
            o.workspace_id == home(), o.state == "won", o.closed_on >= today() - YEAR.days,
            m.from_stage_id.is_not(None), m.seconds_in_stage.is_not(None),
        )
        .group_by(o.id, m.from_stage_id)
        .subquery("spent")
    )  # fmt: skip
    middle: Any = func.percentile_cont(literal(0.5)).within_group(spent.c.seconds)
    days = func.round(cast(middle, Numeric) / DAY, 2)
    found = select(home(), spent.c.stage_id, days, func.count()).group_by(spent.c.stage_id)
    return insert(stage_paces).from_select(["workspace_id", "stage_id", "median_days", "won"], found)
