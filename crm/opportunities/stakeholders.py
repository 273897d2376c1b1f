"""Who plays which role in a sale (``domain.md`` B4), and which roles are missing for its stages."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.actor import Sight
from crm.contacts.models import contacts
from crm.database import Access, Transaction, statement
from crm.errors import NotFound
from crm.nouns import Answer, mention, this_one
from crm.opportunities import events
from crm.opportunities.gates import CONTACT, has_role
from crm.opportunities.guarding import as_it_is, workable
from crm.opportunities.models import opportunities, opportunity_contacts
from crm.opportunities.part_schemas import StakePut
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.vocabulary import Role
from crm.pipelines.models import pipeline_stages
from crm.recording import changing, record


async def of(access: Access, opportunity_id: UUID) -> bytes:
    """The people of a sale, and which roles are missing. Raises ``NotFound``."""
    found = await access.value(_of(access.actor.sight), id=opportunity_id)
    if found is None:
        raise NotFound
    body: str = found
    return body.encode()


async def put(tx: Transaction, opportunity_id: UUID, contact_id: UUID, role: Role, wanted: StakePut) -> Answer:
    """Say that a contact of the customer plays this role, and how.

    Raises ``NotFound`` for the opportunity or the contact, ``Stale``, ``OpportunityClosed``, ``OpportunityArchived``.
    """
    changed = await record(
        tx, events.STAKEHOLDERS_CHANGED, _note_put(tx.actor.sight), id=opportunity_id, contact_id=contact_id
    )
    if changed is None:
        await as_it_is(tx, opportunity_id)
        raise NotFound
    await tx.rows(
        _put(), id=opportunity_id, contact_id=contact_id, role=role, influence=wanted.influence, stance=wanted.stance
    )
    return changed


async def remove(tx: Transaction, opportunity_id: UUID, contact_id: UUID, role: Role) -> Answer:
    """Say that a contact does not play this role. Raises as ``put``; ``NotFound`` where they did not."""
    changed = await record(
        tx,
        events.STAKEHOLDERS_CHANGED,
        _note_removed(tx.actor.sight),
        id=opportunity_id,
        contact_id=contact_id,
        role=role,
    )
    if changed is None:
        await as_it_is(tx, opportunity_id)
        raise NotFound
    await tx.rows(_remove(), id=opportunity_id, contact_id=contact_id, role=role)
    return changed


CHANGED = {"stakeholders_changed": opportunities.c.stakeholders_changed + 1}


@statement
def _note_put(sight: Sight) -> Insert:
    contact = contacts.alias("contact").c
    there = exists().where(
        contact.workspace_id == opportunities.c.workspace_id,
        contact.id == bindparam("contact_id", type_=Uuid),
        contact.customer_id == opportunities.c.customer_id,
        contact.archived_at.is_(None),
    )
    return changing(OPPORTUNITY, sight, (), *workable(), there, values=CHANGED)


@statement
def _note_removed(sight: Sight) -> Insert:
    stake = opportunity_contacts.alias("stake").c
    there = exists().where(
        stake.workspace_id == opportunities.c.workspace_id,
        stake.opportunity_id == opportunities.c.id,
        stake.contact_id == bindparam("contact_id", type_=Uuid),
        stake.role == bindparam("role", type_=Text),
    )
    return changing(OPPORTUNITY, sight, (), *workable(), there, values=CHANGED)


@statement
def _put() -> Insert:
    c = opportunities.c
    new = {
        "workspace_id": c.workspace_id,
        "opportunity_id": c.id,
        "customer_id": c.customer_id,
        "contact_id": bindparam("contact_id", type_=Uuid),
        "role": bindparam("role", type_=Text),
        "influence": bindparam("influence", type_=opportunity_contacts.c.influence.type),
        "stance": bindparam("stance", type_=Text),
    }
    here = and_(c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == bindparam("id", type_=Uuid))
    put_ = insert(opportunity_contacts).from_select(list(new), select(*new.values()).where(here))
    stake = opportunity_contacts.c
    return put_.on_conflict_do_update(
        index_elements=["workspace_id", "opportunity_id", "contact_id", "role"],
        set_={
            "influence": put_.excluded.influence,
            "stance": put_.excluded.stance,
            "updated_at": func.now(),
            "version": stake.version + 1,
        },
    )


@statement
def _remove() -> Delete:
    stake = opportunity_contacts.c
    return delete(opportunity_contacts).where(
        stake.workspace_id == bindparam("workspace_id", type_=Uuid),
        stake.opportunity_id == bindparam("id", type_=Uuid),
        stake.contact_id == bindparam("contact_id", type_=Uuid),
        stake.role == bindparam("role", type_=Text),
    )


@statement
def _of(sight: Sight) -> Select[Any]:
    both = func.json_build_object("data", _stakes(), "missing", _missing())
    return select(cast(both, Text)).where(this_one(OPPORTUNITY, sight))


def _stakes() -> ColumnElement[Any]:
    stake, contact = opportunity_contacts.alias("stake"), contacts.alias("contact")
    s = stake.c
    one = func.json_build_object(
        "contact_id", s.contact_id, "contact", mention(contact), "role", s.role, "influence", s.influence,
        "stance", s.stance,
    )  # fmt: skip
    return (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(s.role, contact.c.name), text("'[]'::json")))
        .select_from(stake.join(contact, and_(contact.c.workspace_id == s.workspace_id, contact.c.id == s.contact_id)))
        .where(s.workspace_id == opportunities.c.workspace_id, s.opportunity_id == opportunities.c.id)
        .correlate(opportunities)
        .scalar_subquery()
    )


def _missing() -> ColumnElement[Any]:
    """The roles that this stage or a later one asks for and nobody plays."""
    c, stage, here = opportunities.c, pipeline_stages.alias("stage"), pipeline_stages.alias("here")
    asked = func.unnest(stage.c.requires).table_valued(Column("name", Text), name="asked").render_derived()
    roles = cast(func.string_to_array(func.substr(asked.c.name, len(CONTACT) + 1), "/"), ARRAY(Text))
    one = func.json_build_object("stage", stage.c.key, "roles", roles)
    place = select(here.c.place).where(here.c.workspace_id == c.workspace_id, here.c.id == c.stage_id)
    return (
        select(func.coalesce(func.json_agg(one).aggregate_order_by(stage.c.place), text("'[]'::json")))
        .select_from(stage.join(asked, true()))
        .where(
            stage.c.workspace_id == c.workspace_id,
            stage.c.pipeline_id == c.pipeline_id,
            stage.c.place >= place.correlate(opportunities).scalar_subquery(),
            func.starts_with(asked.c.name, literal(CONTACT, Text)),
            ~has_role(c, roles),
        )
        .correlate(opportunities)
        .scalar_subquery()
    )
