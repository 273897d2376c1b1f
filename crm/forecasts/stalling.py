"""Telling, once, that a sale has come to a halt; and taking it back when it goes on."""

from sqlalchemy import ColumnElement, Insert, Integer, Update, and_, bindparam, exists, func, null, select, update

from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.opportunities import events
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.staleness import is_stale
from crm.pipelines.models import pipeline_stages
from crm.recording import recorded
from crm.tables import home


async def tell(tx: Transaction, *, most: int) -> bool:
    """A fact for each open sale of a batch that has come to a halt since it last moved; whether there may be more."""
    await tx.rows(_going_on())
    return len(await tx.rows(_stall(), event_type=events.STALLED, most=most)) >= most


def _stale() -> ColumnElement[bool]:
    c, stage, customer = opportunities.c, pipeline_stages.alias("stalled_in"), customers.alias("stalled_at")
    s = stage.c
    contact = (
        select(customer.c.last_contact_at)
        .where(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)
        .correlate_except(customer)
        .scalar_subquery()
    )
    at_a_halt = is_stale(opportunities, stage, contact)
    return and_(
        c.archived_at.is_(None), exists().where(s.workspace_id == c.workspace_id, s.id == c.stage_id, at_a_halt)
    )


@statement
def _stall() -> Insert:
    c = opportunities.c
    due = (
        select(c.id)
        .where(c.workspace_id == home(), c.stalled_at.is_(None), _stale())
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True, of=opportunities)
        .cte("due")
    )
    these = update(opportunities).where(c.workspace_id == home(), c.id.in_(select(due.c.id)))
    return recorded(OPPORTUNITY, these.values(stalled_at=func.now()))


@statement
def _going_on() -> Update:
    c = opportunities.c
    return (
        update(opportunities)
        .where(c.workspace_id == home(), c.stalled_at.is_not(None), ~_stale())
        .values(stalled_at=null())
    )
