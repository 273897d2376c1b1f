"""Whose a complaint is, where whoever sent it wrote that themselves: anybody can write any address as theirs.

Until somebody begins to look for the cause it can be taken from a customer, and given to another. Who did so, and why,
stands in its history; the customer it was taken for is told of once more, that it was not theirs.
"""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Uuid, bindparam, select, update

from crm.actor import Sight
from crm.complaints import events, pointing, standing, taking
from crm.complaints.holding import hold_customers
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.complaints.repeating import repeat_of, repeated_by
from crm.complaints.step_schemas import ComplaintIdentify
from crm.complaints.taking import Sent
from crm.customers.queries import out_of_reach
from crm.database import Transaction, statement
from crm.nouns import Answer
from crm.recording import noted, record, recorded
from crm.tasks import events as task_events
from crm.tasks.models import tasks
from crm.tasks.queries import TASK


async def identify(tx: Transaction, complaint_id: UUID, found: ComplaintIdentify) -> Answer:
    """It is this customer's, or nobody's that we know of. Its visit and sale were the other's, and are let go.

    Raises as ``taking.take`` does, ``CustomerArchived``, 422 for a customer or a contact who is not there.
    """
    await hold_customers(tx, complaint_id, *([] if found.customer_id is None else [found.customer_id]))
    now, row = await standing.locked(tx, complaint_id)
    values: dict[str, Any] = {"customer_id": found.customer_id, "contact_id": found.contact_id}
    sent = Sent(values, found.reason)
    taking.decide(tx, "identify", now, sent)
    is_another = found.customer_id != row["customer_id"]
    if is_another:
        if found.customer_id is not None and (problem := await out_of_reach(tx, found.customer_id)):
            raise problem
        values |= {"visit_id": None, "opportunity_id": None}
        values["repeat_of_id"] = await repeat_of(
            tx,
            complaint_id,
            received_at=row["received_at"],
            customer_id=found.customer_id,
            product_id=row["product_id"],
            category=now.category,
            cause_kind=row["cause_kind"],
        )
    await pointing.must_be_there(tx, values, customer_id=found.customer_id)
    if is_another and row["customer_id"] is not None:
        await record(tx, events.UNLINKED, _unlinked(tx.actor.sight), id=complaint_id)
    identified = await taking.take(tx, "identify", complaint_id, sent)
    if is_another:
        await tx.rows(_repeated(), event_type=events.UPDATED, id=complaint_id, of_customer_id=row["customer_id"])
        await tx.rows(_tasks(), event_type=task_events.UPDATED, id=complaint_id, new_customer_id=found.customer_id)
    return identified


@statement
def _unlinked(sight: Sight) -> Insert:
    return noted(COMPLAINT, sight)


@statement
def _repeated() -> Insert:
    """Later ones of the customer that it was taken from repeat another one, or none."""
    c, earlier = complaints.c, complaints.alias("earlier")
    home = bindparam("workspace_id", type_=Uuid)
    latest = (
        select(earlier.c.id)
        .where(earlier.c.workspace_id == c.workspace_id, repeated_by(earlier, c))
        .order_by(earlier.c.received_at.desc(), earlier.c.id.desc())
        .limit(1)
        .correlate(complaints)
    )
    repeat_it = (
        c.workspace_id == home,
        c.customer_id == bindparam("of_customer_id", type_=Uuid),
        c.repeat_of_id == bindparam("id", type_=Uuid),
    )
    return recorded(COMPLAINT, update(complaints).where(*repeat_it).values(repeat_of_id=latest.scalar_subquery()))


@statement
def _tasks() -> Insert:
    """What is still to be done about it is for its customer."""
    t = tasks.c
    its = (
        t.workspace_id == bindparam("workspace_id", type_=Uuid),
        t.subject_type == "complaint",
        t.subject_id == bindparam("id", type_=Uuid),
        t.state == "open",
    )
    return recorded(TASK, update(tasks).where(*its).values(customer_id=bindparam("new_customer_id", type_=Uuid)))
