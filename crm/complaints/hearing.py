"""Who hears that a promise is running out: whom its policy says, by who handles the complaint and who leads them.

Whoever has left hears nothing, nor does whom the complaint is about: where that is the manager, the next one above
hears. Where nobody handles it, the manager does; where nobody leads, the administrators.
"""

from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Integer,
    Text,
    Uuid,
    and_,
    case,
    cast,
    column,
    func,
    literal,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import insert

from crm.complaints.models import complaints
from crm.customers.models import customers
from crm.notifications.models import notifications
from crm.sla.clock import BREACH
from crm.sla.models import sla_policies
from crm.tables import home
from crm.workspaces.models import users, workspaces
from crm.workspaces.superiors import leaders

CLOCKS = {
    "acknowledge": ("the acknowledgement", "受理确认"),
    "response": ("the first response", "首次答复"),
    "update": ("the next update", "进展告知"),
    "resolution": ("the resolution", "解决"),
}


def escalations(crossed: CTE) -> CTE:
    """Whom the policies say, at what was crossed, each with the level that it is: the how manieth share that is."""
    p = sla_policies.c
    said = _said("said")
    lower = _said("lower")
    level = select(func.count(lower.c.percent.distinct())).select_from(lower).where(lower.c.percent <= said.c.percent)
    found = (
        select(
            crossed.c.id,
            crossed.c.complaint_id,
            crossed.c.percent,
            said.c.to,
            said.c.user_id,
            said.c.role,
            level.correlate(sla_policies, said).scalar_subquery().label("level"),
        )
        .select_from(
            crossed.join(sla_policies, and_(p.workspace_id == home(), p.id == crossed.c.policy_id)).join(
                said, said.c.percent == crossed.c.percent
            )
        )
        .cte("escalated")
    )
    return found.prefix_with("MATERIALIZED")


def heard_of(crossed: CTE, escalated: CTE) -> CTE:
    """Who hears of which clock, each of the highest share of its time that they hear of."""
    stand = _standing(crossed)
    s = stand.c
    boss = leaders(select(s.id, s.team_id, s.handler_id, s.responsible_id).cte("led"))
    e, u = escalated.c, users.c
    named = select(
        e.id,
        e.percent,
        case(
            (e.to == "assignee", func.coalesce(stand.c.handler_id, boss.c.manager_id)),
            (e.to == "owner", stand.c.owner_id),
            (e.to == "manager", boss.c.manager_id),
            (e.to == "user", e.user_id),
        ).label("user_id"),
    ).select_from(escalated.join(stand, stand.c.id == e.complaint_id).outerjoin(boss, boss.c.id == stand.c.id))
    nobody_leads = and_(
        boss.c.manager_id.is_(None), or_(e.to == "manager", and_(e.to == "assignee", stand.c.handler_id.is_(None)))
    )
    of_role = and_(u.workspace_id == home(), u.role == case((nobody_leads, "admin"), else_=e.role))
    all_of = select(e.id, e.percent, u.id).select_from(
        escalated.join(stand, stand.c.id == e.complaint_id)
        .outerjoin(boss, boss.c.id == stand.c.id)
        .join(users, of_role)
    )
    every = union(named, all_of).subquery("every")
    return (
        select(every.c.id, every.c.user_id, func.max(every.c.percent).label("percent"))
        .where(every.c.user_id.is_not(None))
        .group_by(every.c.id, every.c.user_id)
        .cte("heard")
    )


def notifications_of(crossed: CTE, heard: CTE) -> Insert:
    """A line in the inbox of each of them, in their language; once for each share of the time of each clock."""
    c, u, w = complaints.c, users.c, workspaces.c
    language = func.coalesce(u.language, w.language)
    new: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "user_id": u.id,
        "kind": literal("complaint_due", Text),
        "title": case((language == "en", _title(crossed, 0)), else_=_title(crossed, 1)),
        "subject_type": literal("complaint", Text),
        "subject_id": c.id,
        "customer_id": c.customer_id,
        "dedupe_key": func.concat_ws(
            ":", "sla", cast(crossed.c.id, Text), cast(crossed.c.percent, Text), cast(u.id, Text)
        ),
    }
    rows = (
        select(*new.values())
        .select_from(
            heard.join(crossed, and_(crossed.c.id == heard.c.id, crossed.c.percent == heard.c.percent))
            .join(complaints, and_(c.workspace_id == home(), c.id == crossed.c.complaint_id))
            .join(users, and_(u.workspace_id == home(), u.id == heard.c.user_id, u.state == "active"))
            .join(workspaces, w.workspace_id == home())
        )
        .where(u.id.is_distinct_from(c.responsible_id))
    )
    told = insert(notifications).from_select(list(new), rows)
    return told.on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])


def _title(crossed: CTE, language: int) -> ColumnElement[str]:
    c = complaints.c
    kind = case(*((crossed.c.kind == kind, said[language]) for kind, said in CLOCKS.items()))
    percent = cast(crossed.c.percent, Text)
    if language == 0:
        passed = case((crossed.c.percent < BREACH, func.concat(percent, " % of the time")), else_="the time")
        return func.concat("Complaint ", c.number, ": ", passed, " for ", kind, " is over: ", c.subject)
    passed = case((crossed.c.percent < BREACH, func.concat("时限已过", percent, "%")), else_="已超时")
    return func.concat("投诉 ", c.number, "：", kind, passed, "：", c.subject)


def _said(name: str) -> Any:
    columns = (column("percent", Integer), column("to", Text), column("user_id", Uuid), column("role", Text))
    given = func.jsonb_to_recordset(sla_policies.c.escalation).table_valued(*columns, name=name)
    return given.render_derived(with_types=True).lateral(name)


def _standing(crossed: CTE) -> CTE:
    """Each complaint that something was crossed of: who handles it, whose the customer is, and where it is led."""
    c, k = complaints.c, customers.c
    assignee, owner = users.alias("assignee"), users.alias("owner")

    def active(person: Any, id_: ColumnElement[Any]) -> ColumnElement[bool]:
        return and_(person.c.workspace_id == home(), person.c.id == id_, person.c.state == "active")

    mine = select(crossed.c.complaint_id).distinct().subquery("mine")
    return (
        select(
            c.id,
            c.responsible_id,
            owner.c.id.label("owner_id"),
            func.coalesce(assignee.c.id, owner.c.id).label("handler_id"),
            func.coalesce(assignee.c.team_id, c.team_id, owner.c.team_id).label("team_id"),
        )
        .select_from(
            mine.join(complaints, and_(c.workspace_id == home(), c.id == mine.c.complaint_id))
            .outerjoin(customers, and_(k.workspace_id == home(), k.id == c.customer_id))
            .outerjoin(assignee, active(assignee, c.assignee_id))
            .outerjoin(owner, and_(active(owner, k.owner_id), owner.c.id.is_distinct_from(c.responsible_id)))
        )
        .cte("stand")
        .prefix_with("MATERIALIZED")
    )
