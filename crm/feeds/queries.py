"""What stands in a feed: one statement from the secret of an address to everything its calendar shows."""

from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Select, Uuid, and_, any_, bindparam, func, or_, select, text

from crm.customers.models import customers
from crm.database import Database, statement
from crm.errors import NotFound
from crm.feeds.models import calendar_feeds
from crm.feeds.secrets import parse
from crm.feeds.writing import Calendar, written
from crm.nouns import mention
from crm.tables import utc
from crm.tasks.models import tasks
from crm.visits.models import visits
from crm.workspaces.access import outsider
from crm.workspaces.models import users, workspaces

PAST, AHEAD = text("interval '90 days'"), text("interval '400 days'")
MOST = 1000
"""Of visits and of tasks each: what is nearest to now, behind and ahead."""


async def read(database: Database, secret: str) -> bytes:
    """The calendar at this address. Raises ``NotFound`` for one that never was, is revoked, or whose owner is gone."""
    parts = parse(secret)
    if parts is None:
        raise NotFound
    # Not from a replica, which may not know yet that the feed was revoked.
    access = database.writing(outsider(parts.workspace_id))
    row = await access.row(_feed(), feed_id=parts.feed_id, secret_hash=parts.secret_hash)
    if row is None:
        raise NotFound
    return written(Calendar(**row))


@statement
def _feed() -> Select[Any]:
    f, u = calendar_feeds.c, users.c
    home = f.workspace_id == bindparam("workspace_id", type_=Uuid)
    right = f.secret_hash == bindparam("secret_hash", type_=LargeBinary)
    return (
        select(
            u.name.label("owner"),
            workspaces.c.name.label("workspace"),
            func.coalesce(u.language, workspaces.c.language).label("language"),
            _visits().label("visits"),
            _tasks().label("tasks"),
        )
        .select_from(calendar_feeds)
        .join(users, and_(u.workspace_id == f.workspace_id, u.id == f.user_id, u.state == "active"))
        .join(workspaces, workspaces.c.workspace_id == f.workspace_id)
        .where(home, f.id == bindparam("feed_id", type_=Uuid), right, f.revoked_at.is_(None))
    )


def _visits() -> ColumnElement[Any]:
    v, me = visits.c, users.c.id
    mine = or_(v.owner_id == me, v.supervisor_id == me, me == any_(v.participant_ids))
    at = and_(customers.c.workspace_id == v.workspace_id, customers.c.id == v.customer_id)
    rows = (
        select(
            v.id,
            v.state,
            v.purpose,
            v.subject,
            utc(v.planned_start).label("begins_at"),
            utc(v.planned_end).label("ends_at"),
            mention(customers).label("customer"),
            customers.c.address,
            utc(v.created_at).label("created_at"),
            utc(v.updated_at).label("updated_at"),
            v.version,
        )
        .select_from(visits.join(customers, at))
        .where(v.workspace_id == calendar_feeds.c.workspace_id, mine, *_near(v.planned_start))
        .order_by(_distance(v.planned_start), v.id)
        .limit(MOST)
        .correlate(users, calendar_feeds)
    )
    return _listed(rows, "visit", "begins_at")


def _tasks() -> ColumnElement[Any]:
    t = tasks.c
    at = and_(customers.c.workspace_id == t.workspace_id, customers.c.id == t.customer_id)
    rows = (
        select(
            t.id,
            t.state,
            t.title,
            utc(t.due_at).label("due_at"),
            mention(customers).label("customer"),
            utc(t.created_at).label("created_at"),
            utc(t.updated_at).label("updated_at"),
            t.version,
        )
        .select_from(tasks.outerjoin(customers, at))
        .where(t.workspace_id == calendar_feeds.c.workspace_id, t.assignee_id == users.c.id, *_near(t.due_at))
        .order_by(_distance(t.due_at), t.id)
        .limit(MOST)
        .correlate(users, calendar_feeds)
    )
    return _listed(rows, "task", "due_at")


def _near(moment: ColumnElement[Any]) -> tuple[ColumnElement[bool], ...]:
    return moment >= func.now() - PAST, moment < func.now() + AHEAD


def _distance(moment: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.abs(func.date_part("epoch", moment - func.now()))


def _listed(rows: Select[Any], name: str, moment: str) -> ColumnElement[Any]:
    """In the order of their moments: as long as nothing changes, the calendar is the same to the letter."""
    found = rows.subquery(name)
    items = func.json_agg(func.row_to_json(found.table_valued())).aggregate_order_by(found.c[moment], found.c.id)
    return select(func.coalesce(items, func.json_build_array())).select_from(found).scalar_subquery()
