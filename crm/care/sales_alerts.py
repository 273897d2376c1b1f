"""What salespeople are told about their sales each day: too few of them, or one that should have closed by now.

Each is told once: of a day's shortage on that day, of an overdue sale once for each expected close (``domain.md`` B2).
"""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import insert

from crm.database import Transaction, statement
from crm.days import today
from crm.notifications.models import notifications
from crm.opportunities.models import opportunities
from crm.tables import home
from crm.workspaces.models import users, workspaces


async def tell(tx: Transaction) -> None:
    """Tell everybody in this workspace what there is to tell today, and who was told already nothing."""
    await tx.rows(_overdue())
    if tx.actor.settings["opportunities"]["floor"]:
        await tx.rows(_too_few())


def _told(new: dict[str, ColumnElement[Any]], found: Select[Any]) -> Insert:
    told = insert(notifications).from_select(list(new), found.with_only_columns(*new.values()))
    return told.on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])


def _said(english: ColumnElement[str], chinese: ColumnElement[str]) -> ColumnElement[str]:
    language = select(workspaces.c.language).where(workspaces.c.workspace_id == home()).scalar_subquery()
    return case((language == "en", english), else_=chinese)


@statement
def _overdue() -> Insert:
    o = opportunities.c
    expected = cast(o.expected_close_on, Text)
    new = {
        "workspace_id": o.workspace_id,
        "user_id": o.owner_id,
        "kind": literal("opportunity_overdue", Text),
        "title": _said(
            func.concat(o.name, " was expected to close on ", expected, "."),
            func.concat(o.name, " 预计于 ", expected, " 成交，现已逾期。"),
        ),
        "subject_type": literal("opportunity", Text),
        "subject_id": o.id,
        "customer_id": o.customer_id,
        "dedupe_key": func.concat("overdue:", cast(o.id, Text), ":", expected),
    }
    owner = and_(users.c.workspace_id == o.workspace_id, users.c.id == o.owner_id, users.c.state == "active")
    found = (
        select(o.id)
        .select_from(opportunities.join(users, owner))
        .where(o.workspace_id == home(), o.archived_at.is_(None), o.state == "open", o.grade == "overdue")
    )
    return _told(new, found)


@statement
def _too_few() -> Insert:
    o, u = opportunities.c, users.c
    floor = bindparam("opportunities_floor", type_=Integer)
    many = (
        select(func.count())
        .where(o.workspace_id == u.workspace_id, o.owner_id == u.id, o.state == "open", o.archived_at.is_(None))
        .correlate(users)
        .scalar_subquery()
    )
    new = {
        "workspace_id": u.workspace_id,
        "user_id": u.id,
        "kind": literal("prospect_floor", Text),
        "title": _said(
            func.concat("You have ", cast(many, Text), " open opportunities; ", cast(floor, Text), " are expected."),
            func.concat("您有 ", cast(many, Text), " 个进行中的商机，应不少于 ", cast(floor, Text), " 个。"),
        ),
        "subject_type": literal("user", Text),
        "subject_id": u.id,
        "dedupe_key": func.concat("floor:", cast(u.id, Text), ":", cast(today(), Text)),
    }
    found = select(u.id).where(u.workspace_id == home(), u.role == "sales", u.state == "active", many < floor)
    return _told(new, found)
