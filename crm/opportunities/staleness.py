"""Why an open sale has come to a halt: by silence, or by the time in its stage (``domain.md`` B5)."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Integer, Uuid, and_, bindparam, case, func, or_, select

from crm.customers.models import customers
from crm.days import local_date, today
from crm.opportunities.models import opportunities, stage_paces
from crm.pipelines.models import pipeline_stages

ENOUGH = 5
"""Won sales from which a median means something; with fewer the days that the stage itself expects hold."""

TOO_LONG = 2
"""Times the usual."""


def is_silent(c: Any, stage: Any, today: ColumnElement[Any]) -> ColumnElement[bool]:
    """Nothing was done about it for longer than the workspace's settings allow, early and late."""
    early, late = (bindparam(f"opportunities_silent_days{end}", type_=Integer) for end in ("", "_late"))
    return today - local_date(last_touched(c)) > case((stage.late, late), else_=early)


def last_touched(c: Any) -> ColumnElement[Any]:
    """When something was last done about it, or somebody was in touch with its customer."""
    customer = customers.alias("touched")
    contact = (
        select(customer.c.last_contact_at)
        .where(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)
        .correlate_except(customer)
        .scalar_subquery()
    )
    # GREATEST passes over what is not known.
    return func.coalesce(func.greatest(c.last_activity_at, contact), c.created_at)


def is_stuck(c: Any, stage: Any, today: ColumnElement[Any]) -> ColumnElement[bool]:
    """It has been in its stage for more than twice as long as those that were won; null where nobody can tell."""
    return today - local_date(c.stage_entered_at) > TOO_LONG * usual_days(stage)


def usual_days(stage: Any) -> ColumnElement[Any]:
    """The median of the days that won sales spent in the stage, else what the stage expects."""
    pace = stage_paces.alias("pace")
    found = (
        select(pace.c.median_days)
        .where(and_(pace.c.workspace_id == stage.workspace_id, pace.c.stage_id == stage.id, pace.c.won >= ENOUGH))
        .correlate_except(pace)
        .scalar_subquery()
    )
    return func.coalesce(found, stage.expected_days)


def is_stale(opportunity: FromClause, stage: FromClause, last_contact_at: ColumnElement[Any]) -> ColumnElement[bool]:
    """It has been in its stage for longer than expected, or nothing was done for so long (``domain.md`` B5).

    Near the end silence counts sooner. Calendar days; what does not move because it rests or is over is not stale.
    """
    c = opportunity.c
    limit = case(
        (stage.c.late, bindparam("opportunities_silent_days_late", type_=Integer)),
        else_=bindparam("opportunities_silent_days", type_=Integer),
    )
    # GREATEST passes over what is not known.
    last = local_date(func.greatest(c.last_activity_at, last_contact_at, c.stage_entered_at))
    too_long = func.coalesce(today() - local_date(c.stage_entered_at) > stage.c.expected_days, False)
    return and_(c.state == "open", or_(too_long, today() - last > limit))


def may_be_stale() -> ColumnElement[bool]:
    """What the row alone can tell, so that its stage and its customer are asked only where it matters."""
    c, stage = opportunities.c, pipeline_stages.alias("shortest").c
    shortest = select(func.min(stage.expected_days)).where(stage.workspace_id == bindparam("workspace_id", type_=Uuid))
    silence = func.least(
        bindparam("opportunities_silent_days", type_=Integer),
        bindparam("opportunities_silent_days_late", type_=Integer),
    )
    quiet = today() - local_date(func.greatest(c.last_activity_at, c.stage_entered_at)) > silence
    settled = today() - local_date(c.stage_entered_at) > shortest.scalar_subquery()
    return and_(c.state == "open", or_(quiet, func.coalesce(settled, False)))


def last_contact_at() -> ColumnElement[Any]:
    """When somebody was last in touch with the sale's customer."""
    customer = customers.alias("its_customer").c
    here = and_(customer.workspace_id == opportunities.c.workspace_id, customer.id == opportunities.c.customer_id)
    return select(customer.last_contact_at).where(here).correlate(opportunities).scalar_subquery()
