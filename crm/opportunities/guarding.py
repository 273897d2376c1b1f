"""What every change of the parts of an opportunity asks first: that it is neither archived nor closed."""

from uuid import UUID

import orjson
from sqlalchemy import ColumnElement

from crm.database import Access
from crm.nouns import Answer
from crm.opportunities.actions import refuse_archived_or_closed
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import before
from crm.recording import explain


def workable() -> tuple[ColumnElement[bool], ...]:
    """It may be worked on: conditions on the table."""
    return opportunities.c.archived_at.is_(None), opportunities.c.state.in_(before("update"))


async def as_it_is(access: Access, opportunity_id: UUID) -> Answer:
    """The opportunity, where it may be worked on.

    Raises ``NotFound``, ``Stale``, ``OpportunityArchived``, ``OpportunityClosed``.
    """
    answer = await explain(access, OPPORTUNITY, opportunity_id)
    refuse_archived_or_closed(orjson.loads(answer.body))
    return answer
