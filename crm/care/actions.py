"""What a contact does to a customer's warmth, and the task that says when to be in touch next.

Everything here may be repeated, and may come in any order: it looks at the customer as it is, under a lock, and makes
true what should be true. Actions are called inside one workspace, by the worker.
"""

from dataclasses import replace
from datetime import date, datetime, time
from uuid import UUID

from sqlalchemy import Insert

from crm import clock
from crm.actor import Sight
from crm.calendars.prepared import calendar_of, workspace_calendar
from crm.care import queries, words
from crm.care.queries import Cared
from crm.care.words import in_language
from crm.customers import events, rules
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Transaction, statement
from crm.recording import changing, record
from crm.tasks import actions as tasks
from crm.tasks.actions import Owed
from crm.tasks.schemas import TaskUpdate


async def contacted(tx: Transaction, customer_id: UUID, at: datetime) -> bool:
    """A real contact happened: the warmth moves, the task that asked for it is done, the next one is planned.

    False, and nothing happens, when a later contact is known already: the moment of the last contact never goes back.
    """
    customer = await queries.locked(tx, customer_id)
    if customer is None or (customer.last_contact_at is not None and customer.last_contact_at >= at):
        return False
    customer = customer._replace(last_contact_at=at)
    due_on = await next_contact_due(tx, customer)
    await record(
        tx,
        events.CONTACTED,
        _move(frozenset({"last_contact_at", "next_contact_due_on"})),
        id=customer_id,
        new_last_contact_at=at,
        new_next_contact_due_on=due_on,
    )
    await settle_band(tx, customer_id)
    open_tasks = await queries.planned(tx, customer_id)
    # The second contact of a day asks for the same next one: that task is not what the contact was owed for.
    if [(task.assignee_id, task.due_at) for task in open_tasks] != [(customer.owner_id, due_at(tx, due_on))]:
        outcome = in_language(words.CONTACTED, tx.actor.language)
        await tasks.close_for(tx, customer_id=customer_id, kind="contact_due", outcome=outcome)
        await _owe(tx, customer, due_on)
    return True


async def plan(tx: Transaction, customer_id: UUID) -> None:
    """Make the next contact's day and task agree with the customer: its owner, its tier, whether it wants contact."""
    customer = await queries.locked(tx, customer_id)
    if customer is None:
        return
    due_on = await next_contact_due(tx, customer)
    if due_on != customer.next_contact_due_on:
        move = _move(frozenset({"next_contact_due_on"}))
        await record(tx, events.UPDATED, move, id=customer_id, new_next_contact_due_on=due_on)
    await settle_band(tx, customer_id)
    open_tasks = await queries.planned(tx, customer_id)
    if not open_tasks:
        await _owe(tx, customer, due_on)
    elif customer.owner_id is not None and customer.may_be_planned:
        kept = open_tasks.pop()
        await tasks.update(tx, kept.id, TaskUpdate(assignee_id=customer.owner_id, due_at=due_at(tx, due_on)))
    for task in open_tasks:
        reason = in_language(words.NO_LONGER_DUE, tx.actor.language)
        await tasks.cancel(tx, task.id, reason)


async def settle_band(tx: Transaction, customer_id: UUID) -> None:
    """Keep the band of warmth that holds today; a change of it is a fact."""
    await record(tx, events.WARMTH_CHANGED, _warmth(), id=customer_id)


async def next_contact_due(tx: Transaction, customer: Cared) -> date:
    """By when the customer wants to hear from us, by its tier and its owner's calendar (``domain.md`` B1, C4)."""
    calendar = await (workspace_calendar(tx) if customer.owner_id is None else calendar_of(tx, customer.owner_id))
    every = rules.contact_every(customer.key_kind, customer.class_, tx.actor.settings)
    zone = tx.actor.timezone
    last = None if customer.last_contact_at is None else clock.local_date(customer.last_contact_at, zone)
    created = clock.local_date(customer.created_at, zone)
    return rules.next_contact_due(last, created, every, is_working_day=calendar.is_working_day)


def due_at(tx: Transaction, day: date) -> datetime:
    """The moment of that day at which the workspace wants to be reminded."""
    return clock.moment_of(day, time.fromisoformat(tx.actor.settings["reminder_time"]), tx.actor.timezone)


async def _owe(tx: Transaction, customer: Cared, due_on: date) -> None:
    """The task to get in touch by that day, where somebody is to be told."""
    if customer.owner_id is None or not customer.may_be_planned:
        return
    owed = owed_contact(tx, customer, due_on, customer.owner_id)
    if await tasks.owe(tx, owed) is None:
        await tasks.owe(tx, owed_again(owed, customer.version))


def owed_contact(tx: Transaction, customer: Cared, due_on: date, owner_id: UUID) -> Owed:
    """The task to get in touch with a customer by that day."""
    return Owed(
        kind="contact_due",
        title=in_language(words.CONTACT_DUE, tx.actor.language, customer=customer.name),
        subject_type="customer",
        subject_id=customer.id,
        customer_id=customer.id,
        assignee_id=owner_id,
        due_at=due_at(tx, due_on),
        dedupe_key=f"contact_due:{customer.id}:{due_on}",
    )


def owed_again(owed: Owed, version: int) -> Owed:
    """The same where there was a task for this day, closed since, and the customer wants contact again.

    It was restored, or contacted twice in a day. The version of the customer tells the two apart.
    """
    return replace(owed, dedupe_key=f"{owed.dedupe_key}:{version}")


@statement
def _move(columns: frozenset[str]) -> Insert:
    return changing(CUSTOMER, Sight.ALL, columns)


@statement
def _warmth() -> Insert:
    return changing(CUSTOMER, Sight.ALL, (), values={"warmth_band": band_of(customers.c.last_contact_at)})
