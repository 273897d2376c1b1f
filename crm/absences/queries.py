"""How an absence looks, and everything that reads absences."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Uuid, and_, any_, bindparam, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.absences.models import absences
from crm.absences.schemas import AbsenceFilter
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.workspaces.models import users


def shape(absence: FromClause) -> Select[Any]:
    """An absence, once: the answer and the event."""
    c, user = absence.c, users.alias("user")
    its = and_(user.c.workspace_id == c.workspace_id, user.c.id == c.user_id)
    return select(
        c.id,
        c.user_id,
        mention(user).label("user"),
        c.first_day,
        c.last_day,
        utc(c.cancelled_at).label("cancelled_at"),
        *stamps(absence),
    ).select_from(absence.outerjoin(user, its))


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """One's own; with a team's sight those of its people; or all."""
    c, colleague = absences.c, users.alias("colleague")
    own: ColumnElement[bool] = c.user_id == bindparam("actor_id", type_=Uuid)
    if sight is Sight.OWN:
        return own
    if sight is Sight.TEAM:
        mine = any_(bindparam("team_ids", type_=ARRAY(Uuid)))
        at_home = colleague.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        return or_(own, c.user_id.in_(select(colleague.c.id).where(at_home, colleague.c.team_id == mine)))
    return true()


ABSENCE = Noun("absence", absences, shape, visible, customer=None)

LIST = Listing(
    ABSENCE,
    sorts={"created_at": absences.c.created_at, "first_day": absences.c.first_day},
    filters={
        **among(absences, ["user_id"]),
        **between(absences, ["first_day", "last_day"]),
        "cancelled": absences.c.cancelled_at.is_not(None) == bindparam("cancelled", type_=Boolean),
    },
)


async def get(access: Access, absence_id: UUID) -> Answer:
    """One absence. Raises ``NotFound``."""
    return await reading.one(access, ABSENCE, absence_id)


async def page(access: Access, wanted: AbsenceFilter) -> bytes:
    """A page of absences, without the cancelled ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"cancelled": wanted.cancelled})
