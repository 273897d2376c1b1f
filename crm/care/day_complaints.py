"""The complaints in a person's day: what they look into and is due by its end, and what waits for a customer."""

from typing import Any

from sqlalchemy import ColumnElement, Select, Uuid, and_, bindparam, func, or_, select

from crm.actor import Sight
from crm.care.calls import DAY
from crm.complaints.models import complaints, due_key
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import OPEN
from crm.customers.models import customers
from crm.days import begin_of
from crm.nouns import mention
from crm.tables import utc


def of_the_day(sight: Sight, of_user: ColumnElement[Any]) -> Select[Any]:
    """What is told of each, with ``due_key`` and ``id`` to sort by: what is due first, then what only waits."""
    c, customer = complaints.c, customers.alias("complaining")
    told = func.json_build_object(
        "id", c.id, "number", c.number, "subject", c.subject, "severity", c.severity, "state", c.state,
        "due_at", utc(c.due_at), "waits", c.state == "waiting_customer", "customer", mention(customer),
    )  # fmt: skip
    there = and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.customer_id)
    return (
        select(told.label("told"), due_key.label("due_key"), c.id)
        .select_from(complaints.outerjoin(customer, there))
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.assignee_id == of_user,
            c.state.in_(OPEN),
            or_(c.due_at < begin_of(DAY, -1), c.state == "waiting_customer"),
            COMPLAINT.visible(sight),
        )
    )
