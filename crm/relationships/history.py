"""How a customer came to be where it is, read from the log of facts: no table keeps it a second time."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Select, Text, Uuid, and_, bindparam, func, literal, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from crm import reading
from crm.customers.events import CREATED
from crm.customers.queries import CUSTOMER, with_its_customer
from crm.database import Access
from crm.facts import events
from crm.nouns import Noun, mention
from crm.reading import Listing
from crm.relationships.schemas import HistoryFilter
from crm.tables import utc
from crm.workspaces.models import users


def _changed(fact: FromClause, field: str) -> tuple[ColumnElement[Any], ...]:
    """The columns that every history has, of a fact that changed this field."""
    f = fact.c
    return (
        f.id,
        utc(f.occurred_at).label("occurred_at"),
        f.type,
        func.json_build_object("kind", f.actor_kind, "id", f.actor_id).label("actor"),
        mention(users).label("by"),
        f.changes.op("->", return_type=JSONB)(_name(field)).op("->>", return_type=Text)(0).label("from"),
        _said(fact, field).label("to"),
    )


def _said(fact: FromClause, field: str, *, as_: str = "->>") -> ColumnElement[Any]:
    """What the customer looked like then."""
    return fact.c.payload.op(as_, return_type=Text)(_name(field))


def _name(field: str) -> ColumnElement[str]:
    return literal(field, Text)


def _by(fact: FromClause) -> FromClause:
    someone = and_(users.c.workspace_id == fact.c.workspace_id, users.c.id == fact.c.actor_id)
    return fact.outerjoin(users, someone)


def lifecycle_shape(fact: FromClause) -> Select[Any]:
    """A move of the lifecycle, once."""
    return select(
        *_changed(fact, "lifecycle"),
        _said(fact, "lifecycle_reason").label("reason"),
        _said(fact, "loss", as_="->").label("loss"),
    ).select_from(_by(fact))


def stage_shape(fact: FromClause) -> Select[Any]:
    """A step of the relationship, once."""
    return select(
        *_changed(fact, "relationship_stage"),
        _said(fact, "stage_reason").label("reason"),
        _said(fact, "stage_evidence").label("evidence"),
    ).select_from(_by(fact))


def _listing(name: str, field: str, shape: Any) -> Listing:
    of_this = and_(
        events.c.customer_id == bindparam("customer_id", type_=Uuid),
        events.c.subject_id == bindparam("customer_id", type_=Uuid),
        or_(events.c.type == CREATED, events.c.changes.has_key(field)),
    )
    history = Noun(name, events, shape, with_its_customer(events))
    # Ids of facts rise with time, and an index serves them.
    return Listing(history, sorts={"occurred_at": events.c.id}, filters={"customer_id": of_this})


LIFECYCLE = _listing("lifecycle_change", "lifecycle", lifecycle_shape)
STAGE = _listing("stage_change", "relationship_stage", stage_shape)


async def lifecycle(access: Access, customer_id: UUID, wanted: HistoryFilter) -> bytes:
    """A page of the moves of this customer's lifecycle. Raises ``NotFound``."""
    return await _page(access, LIFECYCLE, customer_id, wanted)


async def stage(access: Access, customer_id: UUID, wanted: HistoryFilter) -> bytes:
    """A page of the steps of this relationship. Raises ``NotFound``."""
    return await _page(access, STAGE, customer_id, wanted)


async def _page(access: Access, listing: Listing, customer_id: UUID, wanted: HistoryFilter) -> bytes:
    await reading.one(access, CUSTOMER, customer_id)
    return await reading.page(access, listing, wanted, {"customer_id": customer_id})
