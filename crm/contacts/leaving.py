"""People leave the company they work for, and some come back. What they were part of stays as it was."""

from uuid import UUID

from sqlalchemy import Insert

from crm import clock
from crm.actor import Sight
from crm.contacts import events
from crm.contacts.actions import as_it_is
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.contacts.schemas import ContactLeave
from crm.customers.queries import in_reach
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, record, renamed


async def leave(access: Access, contact_id: UUID, how: ContactLeave) -> Answer:
    """The person is no longer there, from that day on. Leaving twice is leaving once.

    Raises ``NotFound``, ``Stale``, ``ContactArchived``, ``CustomerArchived``, 422 for a day still to come.
    """
    today = clock.today(access.actor.timezone)
    if how.on is not None and how.on > today:
        raise invalid("on", "This day is still to come.", "in_the_future")
    new = renamed({"left_on": how.on or today, "left_note": how.note})
    left = await record(access, events.LEFT, _leave(access.actor.sight), id=contact_id, **new)
    return left or await as_it_is(access, contact_id, archived_is_fine=False)


async def rejoin(access: Access, contact_id: UUID) -> Answer:
    """The person is there again, or never left. Raises as ``leave`` does."""
    back = await record(access, events.REJOINED, _rejoin(access.actor.sight), id=contact_id)
    return back or await as_it_is(access, contact_id, archived_is_fine=False)


@statement
def _leave(sight: Sight) -> Insert:
    c = contacts.c
    may = in_reach(sight, c.customer_id)
    return changing(CONTACT, sight, ["left_on", "left_note"], c.archived_at.is_(None), c.left_on.is_(None), may)


@statement
def _rejoin(sight: Sight) -> Insert:
    c = contacts.c
    may = in_reach(sight, c.customer_id)
    gone = {"left_on": None, "left_note": None}
    return changing(CONTACT, sight, (), c.archived_at.is_(None), c.left_on.is_not(None), may, values=gone)
