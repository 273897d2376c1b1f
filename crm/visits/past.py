"""How a visit came to be where it is, read from the log of facts: no table keeps it a second time."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, FromClause, Select, Text, Uuid, and_, bindparam, case, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from crm import reading
from crm.actor import Sight
from crm.customers.schemas import PersonShown
from crm.database import Access
from crm.events.schemas import ActorShown
from crm.facts import events
from crm.fields import Shown
from crm.nouns import Noun, mention
from crm.paging import Filter
from crm.reading import Listing
from crm.tables import utc
from crm.visits.events import COMPLETED, PLANNED, STARTED
from crm.visits.models import visits
from crm.visits.queries import VISIT
from crm.visits.vocabulary import State
from crm.workspaces.models import users

MOVING = ("state", "planned_start", "planned_end", "owner_id")
"""The fields whose change is a move."""


class VisitMoveRead(Shown):
    """A change of a visit's state, time or owner."""

    id: UUID
    occurred_at: datetime
    type: str
    actor: ActorShown
    by: PersonShown | None = Field(description="The person, where it was one.")
    from_state: State | None = Field(description="Null for its beginning.")
    to_state: State
    planned_start: datetime = Field(description="When it was planned for from then on.")
    planned_end: datetime
    reason: str | None


class VisitMoveFilter(Filter):
    """In what order."""

    sort: Literal["occurred_at", "-occurred_at"] = "-occurred_at"


def shape(fact: FromClause) -> Select[Any]:
    """A move, once."""
    f = fact.c

    def told(field: str) -> ColumnElement[str]:
        return f.payload.op("->>", return_type=Text)(literal(field, Text))

    def changed(field: str, which: int) -> ColumnElement[str]:
        pair = f.changes.op("->", return_type=JSONB)(literal(field, Text))
        return pair.op("->>", return_type=Text)(which)

    was = case((f.changes.is_not(None), func.coalesce(changed("state", 0), told("state"))))
    reason = func.coalesce(changed("cancel_reason", 1), changed("reschedule_reason", 1))
    by = and_(users.c.workspace_id == f.workspace_id, users.c.id == f.actor_id)
    return select(
        f.id,
        utc(f.occurred_at).label("occurred_at"),
        f.type,
        func.json_build_object("kind", f.actor_kind, "id", f.actor_id).label("actor"),
        mention(users).label("by"),
        was.label("from_state"),
        told("state").label("to_state"),
        told("planned_start").label("planned_start"),
        told("planned_end").label("planned_end"),
        reason.label("reason"),
    ).select_from(fact.outerjoin(users, by))


def _with_its_visit(sight: Sight) -> ColumnElement[bool]:
    """The facts of a visit are seen by whoever sees the visit."""
    v = visits.c
    seen = select(v.id).where(v.workspace_id == bindparam("workspace_id", type_=Uuid), VISIT.visible(sight))
    return events.c.subject_id.in_(seen.where(v.id == bindparam("visit_id", type_=Uuid)))


_OF_THIS = and_(
    events.c.subject_type == VISIT.name,
    events.c.subject_id == bindparam("visit_id", type_=Uuid),
    or_(
        and_(events.c.changes.is_(None), events.c.type.in_((PLANNED, STARTED, COMPLETED))),
        *(events.c.changes.has_key(name) for name in MOVING),
    ),
)

LIST = Listing(
    Noun("visit_move", events, shape, _with_its_visit),
    sorts={"occurred_at": events.c.id},
    filters={"visit_id": _OF_THIS},
)


async def page(access: Access, visit_id: UUID, wanted: VisitMoveFilter) -> bytes:
    """A page of the moves of this visit. Raises ``NotFound``."""
    await reading.one(access, VISIT, visit_id)
    return await reading.page(access, LIST, wanted, {"visit_id": visit_id})
