"""Somebody was in touch with the customer about a sale: that is activity, whatever else comes of it (``domain.md`` B5).

What asks how long a sale has been silent goes by ``last_activity_at``: hygiene, staleness, the rule of next steps.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Insert, bindparam, or_

from crm.actor import Sight
from crm.database import Access, statement
from crm.opportunities import events
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import CLOSED
from crm.recording import changing, record
from crm.tables import Moment


async def touched(access: Access, opportunity_id: UUID, at: datetime) -> bool:
    """Something was done about this sale then; False, and nothing happens, when it is over or more is known already."""
    return await record(access, events.CONTACTED, _touch(), id=opportunity_id, new_last_activity_at=at) is not None


@statement
def _touch() -> Insert:
    c = opportunities.c
    later = or_(c.last_activity_at.is_(None), c.last_activity_at < bindparam("new_last_activity_at", type_=Moment))
    still_on = c.state.not_in(sorted(CLOSED)), c.archived_at.is_(None)
    return changing(OPPORTUNITY, Sight.ALL, ("last_activity_at",), later, *still_on)
