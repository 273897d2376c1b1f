"""Rules that follow events: the worker calls ``follow`` for each fact whose type has an enabled rule."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal,
    null,
    select,
)

from crm import clock
from crm.calendars.prepared import calendar_of
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, Transaction, statement
from crm.events.reacting import Fact
from crm.task_chains.starting import start_by_rule
from crm.task_rules import carrying, faults, keeping, making, queries
from crm.task_rules.errors import BrokenRule
from crm.task_rules.making import Planned, worded
from crm.task_rules.matching import matches
from crm.task_rules.queries import Rule
from crm.task_rules.subjects import SUBJECTS
from crm.task_rules.vocabulary import Whom
from crm.tasks.events import CREATED as TASK_CREATED
from crm.tasks.models import tasks
from crm.tasks.vocabulary import ASKS_FOR_CONTACT
from crm.workspaces.models import users
from crm.workspaces.superiors import superiors

HOLDERS = ("owner_id", "assignee_id", "user_id")
"""Where a thing says whose it is; what does not say is its customer's owner's."""


async def follow(tx: Transaction, fact: Fact) -> None:
    """Carry out the rules of a fact. One that does not work says so, and leaves the others alone.

    That a rule made a task is nothing that rules follow: two of them would feed each other for ever.
    """
    if fact.type == TASK_CREATED and fact.payload.get("rule") is not None:
        return
    for rule in await queries.of_event(tx, fact.type):
        if not matches(rule.trigger.get("where") or (), fact.payload, fact.changes):
            continue
        today = clock.today(tx.actor.timezone)
        try:
            async with tx.attempt():
                await carrying.must_be_there(tx, rule.action)
                planned = await plan(tx, rule.id, rule.action, fact)
                skipped = {planned: 1} if isinstance(planned, str) else {}
                made = 0 if isinstance(planned, str) else await _make(tx, rule, planned, fact)
                await keeping.go_on(tx, rule.id, today, made=made, skipped=skipped, after=None)
                await faults.clear(tx, rule)
        except Exception as error:  # Whatever it is, it is this rule's own.
            fault = faults.fault_of(error)
            await keeping.broke_off(tx, rule.id, today, fault)
            await faults.tell(tx, rule, fault)


async def _make(tx: Transaction, rule: Rule, planned: Planned, fact: Fact) -> int:
    if not rule.action.get("chain_id"):
        return await making.make(tx, rule.id, rule.action, [planned])
    task = {name: getattr(planned, name) for name in ("subject_type", "subject_id", "customer_id", "assignee_id")}
    chain_id = UUID(rule.action["chain_id"])
    made = await start_by_rule(tx, chain_id, task | {"rule_id": rule.id}, fact.occurred_at, CUSTOMER)
    if made is None:
        raise BrokenRule("chain_gone")
    return made


async def plan(access: Access, rule_id: UUID, action: Mapping[str, Any], fact: Fact) -> Planned | str:
    """The task that the rule makes of a fact, or the reason why it makes none."""
    is_subject = fact.subject_type in SUBJECTS
    subject_id = fact.subject_id if is_subject else fact.customer_id
    if subject_id is None:
        return "no_subject"
    holder = next((fact.payload[name] for name in HOLDERS if fact.payload.get(name)), None)
    seen = await access.row(
        _seen(action["assignee"]),
        customer_id=fact.customer_id,
        contact_id=fact.subject_id if fact.subject_type == "contact" else None,
        holder_id=UUID(holder) if isinstance(holder, str) else holder,
        rule_user_id=UUID(action["user_id"]) if action.get("user_id") else None,
        rule_id=rule_id,
        subject_id=subject_id,
        again=action.get("again_after_days"),
        minds_peace=action["kind"] in ASKS_FOR_CONTACT,
    )
    if seen is None:
        return "no_subject"
    if seen["skipped"] is not None:
        return str(seen["skipped"])
    zone = seen["timezone"] or access.actor.timezone
    happened_on = clock.local_date(fact.occurred_at, zone)
    customer_name = seen["customer_name"] or ""
    name = fact.payload.get("name") or fact.payload.get("title") or fact.payload.get("number") or customer_name
    values = {"customer": customer_name, "name": str(name), "date": happened_on.isoformat(), "days": "0"}
    title, note = worded(action, seen["language"] or access.actor.language, values)
    due_at = await _due_at(access, action, fact.occurred_at, seen["assignee_id"], zone)
    cycle = happened_on.isoformat() if action.get("again_after_days") else str(fact.id)
    subject_type = fact.subject_type if is_subject else "customer"
    key = f"rule:{rule_id}:{subject_id}:{cycle}"
    return Planned(subject_type, subject_id, fact.customer_id, seen["assignee_id"], title, note, due_at, key)


async def _due_at(
    access: Access, action: Mapping[str, Any], moment: datetime, assignee_id: UUID, zone: str
) -> datetime:
    count, unit = action["after"]["count"], action["after"]["unit"]
    if unit == "minutes":
        return moment.astimezone(UTC) + timedelta(minutes=count)
    if unit == "working_minutes":
        return (await calendar_of(access, assignee_id)).deadline(moment, count)
    day = clock.local_date(moment, zone)
    if unit == "days":
        day += timedelta(days=count)
    else:
        day = (await calendar_of(access, assignee_id)).working_days_after(day, count)
    return carrying.moments(access, action)(day, zone)


@statement
def _seen(whom: Whom) -> Select[Any]:
    """Who is to act, and what speaks against it: one row."""
    home = bindparam("workspace_id", type_=Uuid)
    c, who, owner = customers.c, users.alias("who"), users.alias("owner")
    here: Any = select(
        bindparam("customer_id", type_=Uuid).label("customer_id"), bindparam("holder_id", type_=Uuid).label("holder_id")
    ).subquery("here")
    source = here.outerjoin(customers, and_(c.workspace_id == home, c.id == here.c.customer_id))
    owner_id: ColumnElement[Any] = func.coalesce(here.c.holder_id, c.owner_id, type_=Uuid)
    source = source.outerjoin(owner, and_(owner.c.workspace_id == home, owner.c.id == owner_id))
    wanted = owner_id
    if whom == "manager":
        theirs = select(c.owner_id).where(c.workspace_id == home, c.id == bindparam("customer_id", type_=Uuid))
        above = superiors(
            users.c.id == func.coalesce(bindparam("holder_id", type_=Uuid), theirs.scalar_subquery(), type_=Uuid)
        )
        source = source.outerjoin(above, above.c.user_id == owner_id)
        wanted = above.c.manager_id
    if whom == "user":
        wanted = bindparam("rule_user_id", type_=Uuid)
    is_active = and_(who.c.workspace_id == home, who.c.id == wanted, who.c.state == "active")
    shunned = exists().where(
        contacts.c.workspace_id == home, contacts.c.id == bindparam("contact_id", type_=Uuid), contacts.c.do_not_contact
    )
    lately = exists().where(
        tasks.c.workspace_id == home,
        tasks.c.subject_id == bindparam("subject_id", type_=Uuid),
        tasks.c.rule_id == bindparam("rule_id", type_=Uuid),
        tasks.c.created_at > func.now() - func.make_interval(0, 0, 0, bindparam("again", type_=Integer)),
    )
    skipped = case(
        (c.archived_at.is_not(None), "no_subject"),
        (
            bindparam("minds_peace", type_=Boolean) & (func.coalesce(c.do_not_contact, False) | shunned),
            "do_not_contact",
        ),
        (lately, "made_lately"),
        (who.c.id.is_not(None), cast(null(), Text)),
        (owner_id.is_(None), "no_owner"),
        (literal(whom == "manager") & (owner.c.state == "active"), "no_manager"),
        else_="owner_gone",
    )
    return select(
        who.c.id.label("assignee_id"), who.c.language, who.c.timezone, c.name.label("customer_name"),
        skipped.label("skipped"),
    ).select_from(source.outerjoin(who, is_active))  # fmt: skip
