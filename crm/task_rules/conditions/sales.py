"""Open sales that nobody looks after: no next step, or none that is still to come; a card to be reviewed (B5, D9).

And those that were won and whose contract comes to its end, unless its renewal has begun.
"""

from datetime import date
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import (
    ColumnElement,
    Date,
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    null,
    or_,
    select,
)

from crm.calendars.whose import working_days_after
from crm.customers.models import customers
from crm.days import local_date
from crm.fields import Sent
from crm.opportunities.models import opportunities
from crm.opportunities.vocabulary import State
from crm.task_rules.conditions.kinds import TODAY, Condition, Variant, is_there


class NoNextStepParameters(Sent):
    """Working days of the owner since the day of the next step, or since the last move where there is no next step."""

    working_days: Annotated[int, Field(ge=1, le=60)] = 2


class CardReviewParameters(Sent):
    """Calendar days since the day on which the card was to be looked at again; 0 is the day itself."""

    days: Annotated[int, Field(ge=0, le=365)] = 0


class ContractEndingParameters(Sent):
    """Calendar days before the contract's last day."""

    days: Annotated[int, Field(ge=0, le=730)] = 30


def _open_sales(day: ColumnElement[Any], *which: ColumnElement[bool]) -> Select[Any]:
    """The open sales of which this holds, also where the customer is not known yet."""
    return _sales("open", day, cast(null(), Date), *which)


def _sales(
    state: State, day: ColumnElement[Any], until: ColumnElement[Any], *which: ColumnElement[bool]
) -> Select[Any]:
    c, home = opportunities.c, bindparam("workspace_id", type_=Uuid)
    its_customer = and_(customers.c.workspace_id == home, customers.c.id == c.customer_id)
    return (
        select(
            c.id, c.customer_id, c.owner_id, c.name, func.coalesce(customers.c.name, "-").label("customer_name"),
            func.coalesce(customers.c.do_not_contact, False).label("left_alone"),
            day.label("day"), until.label("until"),
        )
        .select_from(opportunities.outerjoin(customers, its_customer))
        .where(c.workspace_id == home, c.state == state, c.archived_at.is_(None), *which)
        .where(or_(c.customer_id.is_(None), is_there(customers)))
    )  # fmt: skip


def _without_a_step(_: Variant) -> Select[Any]:
    c = opportunities.c
    since = local_date(func.coalesce(c.last_activity_at, c.created_at))
    day = case((c.next_step.is_(None), since), else_=c.next_step_on)
    return _open_sales(day, or_(c.next_step.is_(None), c.next_step_on < TODAY))


def _so_many_days_after(_: Variant, calendar_id: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    days = bindparam("rule_working_days", type_=Integer)
    return func.coalesce(working_days_after(calendar_id, day, days), cast(day + days, Date), type_=Date)


def _to_review(_: Variant) -> Select[Any]:
    c = opportunities.c
    return _open_sales(c.review_due_on, c.review_due_on <= TODAY)


def _days_after(_: Variant, __: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    return cast(day + bindparam("rule_days", type_=Integer), Date)


def _in_contract(_: Variant) -> Select[Any]:
    c, renewal = opportunities.c, opportunities.alias("renewal")
    near = c.contract_ends_on.between(TODAY, TODAY + bindparam("rule_days", type_=Integer))
    goes_on = exists().where(renewal.c.workspace_id == c.workspace_id, renewal.c.renewal_of_id == c.id)
    # What is expired is told and renewed by the daily look at sales.
    return _sales("won", c.contract_ends_on, c.contract_ends_on, c.contract_expired_at.is_(None), near, ~goes_on)


def _days_before(_: Variant, __: ColumnElement[Any], day: ColumnElement[date]) -> ColumnElement[date]:
    return cast(day - bindparam("rule_days", type_=Integer), Date)


NO_NEXT_STEP = Condition(
    "no_next_step",
    "An open sale has no next step, or the day of its next step is over, since so many working days.",
    "opportunity",
    NoNextStepParameters,
    _without_a_step,
    _so_many_days_after,
)

CARD_REVIEW_DUE = Condition(
    "card_review_due",
    "The card of an open sale is to be looked at again.",
    "opportunity",
    CardReviewParameters,
    _to_review,
    _days_after,
)

CONTRACT_ENDING = Condition(
    "contract_ending",
    "The contract of a sale that was won ends within so many days, and its renewal has not begun.",
    "opportunity",
    ContractEndingParameters,
    _in_contract,
    _days_before,
)
