"""Who helps with a sale: they see and change it, whatever their team."""

from typing import Any
from uuid import UUID

from pydantic import Field
from sqlalchemy import Delete, Insert, Select, Text, Uuid, and_, any_, bindparam, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from crm.actor import Sight
from crm.customers.schemas import PersonShown
from crm.database import Access, Transaction, statement
from crm.errors import NotFound
from crm.fields import Name, Sent, Shown, like
from crm.nouns import Answer, mention, this_one
from crm.opportunities import events
from crm.opportunities.models import opportunities, opportunity_collaborators
from crm.opportunities.queries import OPPORTUNITY
from crm.recording import changing, explain, record
from crm.workspaces.models import users


class CollaboratorPut(Sent):
    """What someone does in a sale."""

    model_config = like(role="Presales")

    role: Name | None = Field(default=None, description="In your own words.")


class CollaboratorShown(Shown):
    """Someone who helps with a sale."""

    user_id: UUID
    user: PersonShown
    role: str | None


class CollaboratorsRead(Shown):
    """Who helps with a sale, by name."""

    data: list[CollaboratorShown]


async def of(access: Access, opportunity_id: UUID) -> bytes:
    """Who helps with a sale. Raises ``NotFound``."""
    found = await access.value(_of(access.actor.sight), id=opportunity_id)
    if found is None:
        raise NotFound
    body: str = found
    return body.encode()


async def put(tx: Transaction, opportunity_id: UUID, user_id: UUID, wanted: CollaboratorPut) -> Answer:
    """Let someone help, or say anew as what. Raises ``NotFound`` for the sale and for who is not active, ``Stale``."""
    if await tx.value(_active(), collaborator_id=user_id) is None:
        raise NotFound
    changed = await record(
        tx, events.COLLABORATORS_CHANGED, _with(tx.actor.sight), id=opportunity_id, collaborator_id=user_id
    )
    answer = changed or await explain(tx, OPPORTUNITY, opportunity_id)
    await tx.rows(_put(), id=opportunity_id, collaborator_id=user_id, role=wanted.role)
    return answer


async def remove(tx: Transaction, opportunity_id: UUID, user_id: UUID) -> Answer:
    """Let someone help no more. Raises ``NotFound``, for who does not help too, and ``Stale``."""
    changed = await record(
        tx, events.COLLABORATORS_CHANGED, _without(tx.actor.sight), id=opportunity_id, collaborator_id=user_id
    )
    if changed is None:
        await explain(tx, OPPORTUNITY, opportunity_id)
        raise NotFound
    await tx.rows(_remove(), id=opportunity_id, collaborator_id=user_id)
    return changed


def _whom() -> Any:
    return bindparam("collaborator_id", type_=Uuid)


@statement
def _active() -> Select[Any]:
    u = users.c
    return select(u.id).where(
        u.workspace_id == bindparam("workspace_id", type_=Uuid), u.id == _whom(), u.state == "active"
    )


@statement
def _with(sight: Sight) -> Insert:
    ids = opportunities.c.collaborator_ids
    return changing(
        OPPORTUNITY, sight, (), ~(_whom() == any_(ids)), values={"collaborator_ids": func.array_append(ids, _whom())}
    )


@statement
def _without(sight: Sight) -> Insert:
    ids = opportunities.c.collaborator_ids
    return changing(
        OPPORTUNITY, sight, (), _whom() == any_(ids), values={"collaborator_ids": func.array_remove(ids, _whom())}
    )


@statement
def _put() -> Insert:
    new = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "opportunity_id": bindparam("id", type_=Uuid),
        "user_id": _whom(),
        "role": bindparam("role", type_=Text),
    }
    put_ = insert(opportunity_collaborators).values(new)
    return put_.on_conflict_do_update(
        index_elements=["workspace_id", "opportunity_id", "user_id"], set_={"role": put_.excluded.role}
    )


@statement
def _remove() -> Delete:
    c = opportunity_collaborators.c
    return delete(opportunity_collaborators).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.opportunity_id == bindparam("id", type_=Uuid),
        c.user_id == _whom(),
    )


@statement
def _of(sight: Sight) -> Select[Any]:
    helps, who = opportunity_collaborators.alias("helps"), users.alias("who")
    h = helps.c
    one = func.json_build_object("user_id", h.user_id, "user", mention(who), "role", h.role)
    all_of_them = (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(who.c.name, who.c.id), text("'[]'::json")))
        .select_from(helps.join(who, and_(who.c.workspace_id == h.workspace_id, who.c.id == h.user_id)))
        .where(h.workspace_id == opportunities.c.workspace_id, h.opportunity_id == opportunities.c.id)
        .correlate(opportunities)
        .scalar_subquery()
    )
    return select(cast(func.json_build_object("data", all_of_them), Text)).where(this_one(OPPORTUNITY, sight))
