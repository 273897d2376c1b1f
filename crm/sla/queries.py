"""How promises look, and everything that reads them."""

from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, FromClause, Select, Uuid, and_, bindparam, or_, select, true
from sqlalchemy.sql.selectable import LateralFromClause

from crm import reading
from crm.actor import Sight
from crm.calendars.models import calendars
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among
from crm.sla.models import sla_policies, sla_recounts
from crm.sla.schemas import SlaPolicyFilter, SlaRecountFilter
from crm.tables import stamps, utc

PROMISED = (
    "acknowledge_minutes", "acknowledge_same_day", "response_minutes", "update_minutes", "resolution_minutes",
    "around_the_clock",
)  # fmt: skip


def shape(policy: FromClause) -> Select[Any]:
    """A policy, once: the answer and the event."""
    c, calendar = policy.c, calendars.alias("calendar")
    return select(
        c.id,
        c.name,
        c.severity,
        c.customer_class,
        c.category,
        *(c[name] for name in PROMISED),
        c.calendar_id,
        mention(calendar).label("calendar"),
        c.thresholds,
        c.escalation,
        utc(c.archived_at).label("archived_at"),
        *stamps(policy),
    ).select_from(
        policy.outerjoin(calendar, and_(calendar.c.workspace_id == c.workspace_id, calendar.c.id == c.calendar_id))
    )


def recount_shape(recount: FromClause) -> Select[Any]:
    """What is being worked out anew, and how far it is."""
    c = recount.c
    moments = (utc(c[name]).label(name) for name in ("asked_at", "finished_at"))
    names = ("id", "cause", "severity", "calendar_id", "looked_at", "changed")
    return select(*(c[name] for name in names), *moments, *stamps(recount)).select_from(recount)


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone of a workspace may know what is promised."""
    return true()


SLA_POLICY = Noun("sla_policy", sla_policies, shape, visible, customer=None)
SLA_RECOUNT = Noun("sla_recount", sla_recounts, recount_shape, visible, customer=None)

LIST = Listing(
    SLA_POLICY,
    sorts={"created_at": sla_policies.c.created_at, "name": sla_policies.c.name},
    filters={
        **among(sla_policies, ["severity"]),
        "archived": sla_policies.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)
RECOUNTS = Listing(SLA_RECOUNT, sorts={"created_at": sla_recounts.c.created_at}, filters={})


async def get(access: Access, policy_id: UUID) -> Answer:
    """One policy. Raises ``NotFound``."""
    return await reading.one(access, SLA_POLICY, policy_id)


async def page(access: Access, wanted: SlaPolicyFilter) -> bytes:
    """A page of policies, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})


async def recounts(access: Access, wanted: SlaRecountFilter) -> bytes:
    """A page of what was, or is being, worked out anew."""
    return await reading.page(access, RECOUNTS, wanted)


def holding_for(
    severity: ColumnElement[Any], customer_class: ColumnElement[Any], category: ColumnElement[Any]
) -> LateralFromClause:
    """The one policy that holds for such a case: the most particular one that fits, customers before categories."""
    p = sla_policies.c
    fitting = select(*p).where(
        p.workspace_id == bindparam("workspace_id", type_=Uuid),
        p.archived_at.is_(None),
        p.severity == severity,
        or_(p.customer_class.is_(None), p.customer_class == customer_class),
        or_(p.category.is_(None), p.category == category),
    )
    most_particular = fitting.order_by(p.customer_class.is_(None), p.category.is_(None)).limit(1)
    return most_particular.lateral("policy")
