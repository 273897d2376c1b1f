"""Planning the next contact of many customers at once: what ``actions.plan`` makes true of one, in a few statements.

An import makes a hundred thousand customers, and each of its facts owes this. New customers have no task yet, and
nearly all of what is done for them is the same; whoever has an open task already is planned one by one.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import Date, Insert, Uuid, any_, bindparam, func, update
from sqlalchemy.dialects.postgresql import ARRAY

from crm import clock
from crm.calendars.prepared import calendars_of, workspace_calendar
from crm.care import actions, queries
from crm.care.queries import Cared
from crm.customers import events, rules
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.warmth import band_of
from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.groups.reactions import look_for_all_leaders
from crm.recording import recorded
from crm.tables import at_home
from crm.tasks import actions as tasks


async def plan_contacts(tx: Transaction, facts: Sequence[Fact]) -> None:
    """``reactions.plan_contact`` of many facts of one workspace: to the same end, in whatever order they came."""
    cared = await queries.all_locked(tx, sorted({fact.subject_id for fact in facts}))
    due = await _due(tx, cared)
    moved = {one.id: due[one.id] for one in cared if one.next_contact_due_on != due[one.id]}
    if moved:
        await tx.rows(_move(), event_type=events.UPDATED, ids=list(moved), days=list(moved.values()))
    await tx.rows(_warm(), event_type=events.WARMTH_CHANGED, ids=[one.id for one in cared])
    has_task = await queries.have_tasks(tx, [one.id for one in cared])
    wanted = [one for one in cared if one.id not in has_task and one.may_be_planned]
    owed = [actions.owed_contact(tx, one, due[one.id], one.owner_id) for one in wanted if one.owner_id is not None]
    versions = {one.id: one.version for one in wanted}
    # There was a task for this day, closed since, as ``actions`` has it.
    known = await tasks.known_keys(tx, [one.dedupe_key for one in owed])
    owed = [actions.owed_again(one, versions[one.subject_id]) if one.dedupe_key in known else one for one in owed]
    await tasks.owe_all(tx, owed)
    for customer_id in sorted(has_task):
        await actions.plan(tx, customer_id)
    await look_for_all_leaders(tx, facts)


async def _due(tx: Transaction, cared: Sequence[Cared]) -> Mapping[UUID, date]:
    """By when each of them wants to hear from us, as ``actions.next_contact_due`` has it."""
    owners = {one.owner_id for one in cared if one.owner_id is not None}
    calendars = await calendars_of(tx, sorted(owners)) if owners else {}
    of_nobody = await workspace_calendar(tx) if any(one.owner_id is None for one in cared) else None
    zone, settings = tx.actor.timezone, tx.actor.settings
    found = {}
    for one in cared:
        calendar = of_nobody if one.owner_id is None else calendars[one.owner_id]
        last = None if one.last_contact_at is None else clock.local_date(one.last_contact_at, zone)
        every = rules.contact_every(one.key_kind, one.class_, settings)
        created = clock.local_date(one.created_at, zone)
        is_working_day = clock.is_weekday if calendar is None else calendar.is_working_day
        found[one.id] = rules.next_contact_due(last, created, every, is_working_day=is_working_day)
    return found


@statement
def _move() -> Insert:
    """Each of these customers with its own day, and its fact."""
    ids, days = bindparam("ids", type_=ARRAY(Uuid)), bindparam("days", type_=ARRAY(Date))
    each = func.unnest(ids, days).table_valued("id", "day", name="each_day").render_derived()
    change = update(customers).where(at_home(customers), customers.c.id == each.c.id)
    return recorded(CUSTOMER, change.values(next_contact_due_on=each.c.day))


@statement
def _warm() -> Insert:
    """Those of them whose kept band is not today's."""
    band = band_of(customers.c.last_contact_at)
    these = customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    change = update(customers).where(at_home(customers), these, customers.c.warmth_band.is_distinct_from(band))
    return recorded(CUSTOMER, change.values(warmth_band=band))
