"""The leaders of key companies have files of their own, or somebody is to make one (``domain.md`` A039, C3.4).

A contact of the top level is known when a linked person has the same name. A key company without one whom nobody
knows, and without a link to its top leader, lacks its leader altogether. For each lack the owner has one task, once;
it closes by itself when the lack is gone. Everything here may be repeated, and may come in any order.
"""

from collections.abc import Sequence, Set
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm import clock
from crm.calendars.prepared import calendar_of
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.groups import words
from crm.groups.models import customer_links
from crm.groups.words import in_language
from crm.tables import at_home
from crm.tasks import actions as tasks
from crm.tasks.actions import Owed
from crm.tasks.models import tasks as task_table
from crm.workspaces.colleagues import is_active

DUE_AFTER = timedelta(days=14)
KEY = "leader_file"


class Company(NamedTuple):
    """A customer, as far as its leaders go, locked until the transaction ends."""

    id: UUID
    name: str
    owner_id: UUID | None
    asked: bool
    """Whether leaders are asked for: a key company, not archived, whose owner is there."""


class Lack(NamedTuple):
    """What is to be done, and the key that it is owed under."""

    key: str
    title: str


async def settle(tx: Transaction, customer_id: UUID) -> None:
    """Make the tasks about a company's leaders agree with what is known of them."""
    row = await tx.row(_company(), customer_id=customer_id)
    if row is None:
        return
    company = Company(*row)
    leaders = await tx.rows(_leaders(), customer_id=customer_id) if company.asked else []
    lacks = {one.key: one for one in await _lacks(tx, company, leaders)} if company.asked else {}
    known = {_key(company.id, row["id"]) for row in leaders if row["known"]}
    for task in await tx.rows(_open_tasks(), customer_id=customer_id, prefix=f"{KEY}:"):
        if lacks.pop(task["dedupe_key"], None) is None:
            await _close(tx, task, company, known)
        elif company.owner_id is not None and task["assignee_id"] != company.owner_id:
            await tasks.reassign(tx, task["id"], company.owner_id)
    for lack in lacks.values():
        await _owe(tx, company, lack)


async def settle_all(tx: Transaction, customer_ids: Sequence[UUID]) -> None:
    """``settle`` of many: where nothing is known and nothing asked yet, as of new companies, all are asked for at once.

    Whoever calls has locked the customers.
    """
    strange = [Company(*row) for row in await tx.rows(_strange(), customer_ids=customer_ids)]
    due = {owner: await _due_at(tx, owner) for owner in {one.owner_id for one in strange} if owner is not None}
    lacks = ((one, _unknown(tx, one)) for one in strange)
    await tasks.owe_all(tx, [_owed(one, lack, one.owner_id, due[one.owner_id]) for one, lack in lacks if one.owner_id])
    for customer_id in sorted(set(customer_ids) - {one.id for one in strange}):
        await settle(tx, customer_id)


async def companies_of(tx: Transaction, person_id: UUID) -> list[UUID]:
    """The companies that a person is linked to, always in the same order, as they are locked one after the other."""
    return [row[0] for row in await tx.rows(_companies_of(), person_id=person_id)]


def _key(company_id: UUID, contact_id: UUID | None = None) -> str:
    """What a lack is owed under: that of this contact's file, or of any leader at all."""
    return f"{KEY}:{company_id}:{contact_id}" if contact_id else f"{KEY}:{company_id}"


async def _lacks(tx: Transaction, company: Company, rows: Sequence[Any]) -> list[Lack]:
    language = tx.actor.language
    found = [
        Lack(
            _key(company.id, row["id"]),
            in_language(words.LEADER_WITHOUT_FILE, language, leader=row["name"], company=company.name),
        )
        for row in rows
        if not row["known"]
    ]
    if not rows and not await tx.value(_top_is_linked(), customer_id=company.id):
        found = [_unknown(tx, company)]
    return found


def _unknown(tx: Transaction, company: Company) -> Lack:
    return Lack(_key(company.id), in_language(words.LEADER_UNKNOWN, tx.actor.language, company=company.name))


async def _owe(tx: Transaction, company: Company, lack: Lack) -> None:
    if company.owner_id is not None:
        await tasks.owe(tx, _owed(company, lack, company.owner_id, await _due_at(tx, company.owner_id)))


def _owed(company: Company, lack: Lack, owner_id: UUID, due_at: datetime) -> Owed:
    return Owed(
        kind="follow_up",
        title=lack.title,
        subject_type="customer",
        subject_id=company.id,
        customer_id=company.id,
        assignee_id=owner_id,
        due_at=due_at,
        dedupe_key=lack.key,
    )


async def _close(tx: Transaction, task: Any, company: Company, known: Set[str]) -> None:
    """Done where the lack is gone; cancelled where the leader is, or where nobody asks any more.

    What was asked of another company before the two were merged is asked anew, of this one.
    """
    language = tx.actor.language
    if task["dedupe_key"] in known:
        await tasks.complete(tx, task["id"], in_language(words.KEPT, language))
    elif company.asked and task["dedupe_key"] == _key(company.id):
        await tasks.complete(tx, task["id"], in_language(words.FOUND, language))
    else:
        await tasks.cancel(tx, task["id"], in_language(words.NO_LONGER_ASKED, language))


async def _due_at(tx: Transaction, owner_id: UUID) -> datetime:
    """When the workspace wants to be reminded, two weeks from now or on the owner's first working day after."""
    calendar = await calendar_of(tx, owner_id)
    day = calendar.working_days_after(clock.today(tx.actor.timezone) + DUE_AFTER, 0)
    return clock.moment_of(day, time.fromisoformat(tx.actor.settings["reminder_time"]), tx.actor.timezone)


@statement
def _company() -> Select[Any]:
    these = customers.c.id == bindparam("customer_id", type_=Uuid)
    return select(*_as_company()).where(at_home(customers), these).with_for_update(key_share=True, of=customers)


def _as_company() -> list[ColumnElement[Any]]:
    c = customers.c
    asked = (c.kind == "company") & (c["class"] == "key") & c.archived_at.is_(None) & is_active(c.owner_id)
    return [c.id, c.name, c.owner_id, asked.label("asked")]


@statement
def _strange() -> Select[Any]:
    """Those of these companies whose leaders are asked for and of which nothing is known and nothing asked yet."""
    c, link, task = contacts.c, customer_links.c, task_table.c
    columns = _as_company()
    has_contact = exists().where(at_home(contacts), c.customer_id == customers.c.id)
    has_link = exists().where(at_home(customer_links), link.organization_id == customers.c.id)
    asked = exists().where(
        at_home(task_table), task.customer_id == customers.c.id, func.starts_with(task.dedupe_key, f"{KEY}:")
    )
    these = customers.c.id == any_(bindparam("customer_ids", type_=ARRAY(Uuid)))
    return select(*columns).where(at_home(customers), these, columns[-1], ~has_contact, ~has_link, ~asked)


@statement
def _companies_of() -> Select[Any]:
    link = customer_links.c
    return (
        select(link.organization_id)
        .where(at_home(customer_links), link.person_id == bindparam("person_id", type_=Uuid), link.ended_at.is_(None))
        .order_by(link.organization_id)
    )


@statement
def _leaders() -> Select[Any]:
    """The contacts of the top level, and whether a linked person has their name."""
    c, link = contacts.c, customer_links.c
    home = bindparam("workspace_id", type_=Uuid)
    person = customers.alias("person")
    known = exists().where(
        link.workspace_id == home,
        link.organization_id == c.customer_id,
        link.ended_at.is_(None),
        person.c.workspace_id == home,
        person.c.id == link.person_id,
        person.c.archived_at.is_(None),
        person.c.name_key == c.name_key,
    )
    return (
        select(c.id, c.name, known.label("known"))
        .where(c.workspace_id == home, c.customer_id == bindparam("customer_id", type_=Uuid))
        .where(c.level == "top", c.archived_at.is_(None), c.left_on.is_(None))
        .order_by(c.created_at, c.id)
    )


@statement
def _top_is_linked() -> Select[Any]:
    link, person = customer_links.c, customers.alias("person")
    home = bindparam("workspace_id", type_=Uuid)
    return select(
        exists().where(
            link.workspace_id == home,
            link.organization_id == bindparam("customer_id", type_=Uuid),
            link.is_top_leader,
            link.ended_at.is_(None),
            person.c.workspace_id == home,
            person.c.id == link.person_id,
            person.c.archived_at.is_(None),
        )
    )


@statement
def _open_tasks() -> Select[Any]:
    c = task_table.c
    ours = func.starts_with(c.dedupe_key, bindparam("prefix"))
    return select(c.id, c.assignee_id, c.dedupe_key).where(
        at_home(task_table), c.customer_id == bindparam("customer_id", type_=Uuid), c.state == "open", ours
    )
