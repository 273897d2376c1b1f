"""Who hears of a step, in their inbox and their language: each once, never whoever took it nor whom it is about."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Insert,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union,
)
from sqlalchemy.dialects.postgresql import insert

from crm.complaints.models import complaints
from crm.complaints.rules import TELLS
from crm.complaints.vocabulary import Audience, Step
from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.notifications.models import notifications
from crm.workspaces.models import users, workspaces
from crm.workspaces.superiors import leaders

SAYS: Mapping[Step, tuple[str, str]] = MappingProxyType(
    {
        "receive": ("Complaint {number} came in: {subject}", "收到投诉 {number}：{subject}"),
        "identify": ("Complaint {number} is your customer's: {subject}", "投诉 {number} 经核实属于您的客户：{subject}"),
        "assign": ("Complaint {number} is yours: {subject}", "投诉 {number} 已指派给您：{subject}"),
        "propose": ("A solution for complaint {number} waits for approval", "投诉 {number} 的解决方案待审批"),
        "approve": ("Complaint {number}: what you proposed is approved", "投诉 {number} 的提议已获批准"),
        "send_back": ("Complaint {number}: what you proposed was sent back", "投诉 {number} 的提议已退回"),
        "communicate": ("Complaint {number}: the customer knows the decision", "投诉 {number}：处理决定已告知客户"),
        "accept": ("Complaint {number}: the customer accepts the solution", "投诉 {number}：客户已接受方案"),
        "reply": ("Complaint {number}: whoever complained has written again", "投诉 {number}：投诉人有新的来信"),
        "refuse": ("Complaint {number}: the customer refuses the solution", "投诉 {number}：客户不接受方案"),
        "resolve": ("Complaint {number} is resolved: {subject}", "投诉 {number} 已解决：{subject}"),
        "close": ("Complaint {number} is closed: {subject}", "投诉 {number} 已关闭：{subject}"),
        "reject": ("Rejecting complaint {number} waits for approval", "投诉 {number} 的驳回待审批"),
        "withdraw": ("The customer withdrew complaint {number}", "客户已撤回投诉 {number}"),
        "reopen": ("Complaint {number} is open again: {subject}", "投诉 {number} 已重新打开：{subject}"),
    }
)


async def tell(tx: Transaction, step: Step, complaint_id: UUID, *, proposer_id: UUID | None = None) -> None:
    """Tell whom this step concerns. ``proposer_id``: whose proposal it was, where the step has forgotten it."""
    if step in TELLS:
        said, said_zh = SAYS[step]
        await tx.rows(
            _told(tuple(TELLS[step])), id=complaint_id, step=step, said=said, said_zh=said_zh, proposer_id=proposer_id
        )


@statement
def _told(audience: Sequence[Audience]) -> Insert:
    c = complaints.c
    home = bindparam("workspace_id", type_=Uuid)
    whom = union(*(_of(one) for one in audience)).subquery("whom")
    language = func.coalesce(users.c.language, workspaces.c.language)
    said = case((language == "en", bindparam("said", type_=Text)), else_=bindparam("said_zh", type_=Text))
    named = func.replace(func.replace(said, "{number}", c.number), "{subject}", c.subject)
    new: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "user_id": users.c.id,
        "kind": literal("complaint", Text),
        "title": named,
        "subject_type": literal("complaint", Text),
        "subject_id": c.id,
        "customer_id": c.customer_id,
        "dedupe_key": func.concat_ws(
            ":", "complaint", cast(c.id, Text), bindparam("step", type_=Text), cast(c.version, Text),
            cast(users.c.id, Text),
        ),
    }  # fmt: skip
    me = bindparam("actor_id", type_=Uuid)
    found = select(*new.values()).where(
        c.workspace_id == home,
        c.id == bindparam("id", type_=Uuid),
        workspaces.c.workspace_id == home,
        users.c.workspace_id == home,
        users.c.id.in_(select(whom.c.user_id)),
        users.c.state == "active",
        users.c.id != me,
        users.c.id.is_distinct_from(c.responsible_id),
    )
    told = insert(notifications).from_select(list(new), found)
    return told.on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])


def _of(audience: Audience) -> Select[Any]:
    """The people of an audience of this complaint."""
    it = complaints.alias(f"of_{audience}")
    here = [it.c.workspace_id == bindparam("workspace_id", type_=Uuid), it.c.id == bindparam("id", type_=Uuid)]
    if audience == "assignee":
        return select(it.c.assignee_id.label("user_id")).where(*here)
    if audience == "proposer":
        return select(func.coalesce(it.c.proposed_by, bindparam("proposer_id", type_=Uuid)).label("user_id")).where(
            *here
        )
    if audience == "owner":
        return select(customers.c.owner_id.label("user_id")).where(
            *here, customers.c.workspace_id == it.c.workspace_id, customers.c.id == it.c.customer_id
        )
    # Of the team that has it and, where that has none, of the teams above; nobody there: the administrators. Nobody
    # approves what is their own: what a manager proposes waits for the next one above.
    oneself = bindparam("actor_id", type_=Uuid) if audience == "approver" else null()
    led = select(it.c.id, it.c.team_id, it.c.responsible_id, cast(oneself, Uuid).label("oneself"))
    above = leaders(led.where(*here).cte("led"))
    manager = select(above.c.manager_id).scalar_subquery()
    return select(users.c.id.label("user_id")).where(
        users.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        or_(users.c.id == manager, (users.c.role == "admin") & manager.is_(None)),
    )
