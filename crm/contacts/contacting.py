"""When we were last in touch with each person: moved by the worker, as a customer's last contact is."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Insert, Uuid, any_, bindparam, or_, select, update
from sqlalchemy.dialects.postgresql import ARRAY

from crm.contacts import events
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.database import Transaction, statement
from crm.recording import recorded
from crm.tables import Moment


async def contacted(tx: Transaction, contact_ids: Collection[UUID], at: datetime) -> None:
    """These people took part in a real contact at that moment. The moment of the last contact never goes back."""
    if contact_ids:
        await tx.rows(_move(), event_type=events.CONTACTED, contact_ids=list(contact_ids), at=at)


@statement
def _move() -> Insert:
    c, at = contacts.c, bindparam("at", type_=Moment)
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    earlier = or_(c.last_contact_at.is_(None), c.last_contact_at < at)
    # Locked in one order, so that two visits with the same people do not wait for each other.
    met = (
        select(c.id)
        .where(at_home, c.id == any_(bindparam("contact_ids", type_=ARRAY(Uuid))), earlier)
        .order_by(c.id)
        .with_for_update(key_share=True)
        .cte("met")
    )
    return recorded(CONTACT, update(contacts).where(at_home, c.id.in_(select(met.c.id))).values(last_contact_at=at))
