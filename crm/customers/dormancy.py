"""Customers fall asleep by silence and wake by contact (``domain.md`` C2, A019). The worker calls both."""

from sqlalchemy import ColumnElement, Insert, Integer, Uuid, bindparam, func, null, select, update

from crm.actor import Sight
from crm.customers import events
from crm.customers.lifecycle import after, before
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.recording import changing, record, recorded


async def fall_asleep(tx: Transaction, *, most: int, unless: ColumnElement[bool]) -> int:
    """Make dormant whom nobody was in touch with since the cold limit, each with its fact: up to ``most``; how many.

    ``unless`` something keeps them awake: a condition on the table of customers, always the same one.
    Where there was no contact at all, the silence began when the customer was added.
    """
    return len(await tx.rows(_fall_asleep(unless), event_type=events.DORMANT, most=most))


async def wake(tx: Transaction, fact: Fact) -> None:
    """A contact brings a dormant customer back, unless it is so long ago itself that the customer slept on."""
    await record(tx, events.REACTIVATED, _wake(), id=fact.subject_id)


def _silent() -> ColumnElement[bool]:
    return band_of(func.coalesce(customers.c.last_contact_at, customers.c.created_at)) == "cold"


@statement
def _fall_asleep(unless: ColumnElement[bool]) -> Insert:
    c = customers.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    silent = (
        select(c.id)
        .where(home, c.archived_at.is_(None), c.lifecycle.in_(before("fall_asleep")), _silent(), ~unless)
        .order_by(c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(key_share=True)
        .cte("silent")
    )
    asleep = update(customers).where(home, c.id.in_(select(silent.c.id)))
    return recorded(CUSTOMER, asleep.values(lifecycle=after("fall_asleep"), lifecycle_reason=null()))


@statement
def _wake() -> Insert:
    return changing(
        CUSTOMER,
        Sight.ALL,
        (),
        customers.c.lifecycle.in_(before("reactivate")),
        customers.c.merged_into_id.is_(None),
        ~_silent(),
        values={"lifecycle": after("reactivate"), "lifecycle_reason": None},
    )
