"""What care does about facts. The worker calls each inside the fact's workspace, once in effect."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Select, Uuid, and_, bindparam, func, select

from crm.care import actions, nightly, queries
from crm.care.holding import hold
from crm.complaints import recounting
from crm.contacts.contacting import contacted
from crm.customers import dormancy
from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.groups.reactions import look_for_leaders, settle_leaders
from crm.interactions.from_visits import keep_visit
from crm.interactions.models import interactions
from crm.opportunities.touching import touched
from crm.tasks.origins import NEXT_CONTACT_DUE
from crm.visits.models import visits

DECIDES_THE_PLAN = frozenset({"class", "key_kind", "owner_id", "do_not_contact"})
DECIDES_ALL_PLANS = frozenset({"timezone", "settings", "calendar_id", "week", "days_changed_at"})


async def keep_visit_as_contact(tx: Transaction, fact: Fact) -> None:
    """A completed visit is a contact: it stands among the customer's interactions, and the warmth moves at once.

    The interaction's own fact finds the warmth moved already, so the contact counts once. The sale that the visit was
    made for is no longer silent.
    """
    visit = await hold(tx, _visit(), visit_id=fact.subject_id)
    if visit is None:
        return
    at = min(visit["completed_at"], datetime.now(UTC))
    await keep_visit(
        tx,
        fact.subject_id,
        customer_id=visit["customer_id"],
        contact_id=next(iter(visit["met_contact_ids"]), None),
        user_id=visit["owner_id"],
        occurred_at=at,
    )
    await contacted(tx, visit["met_contact_ids"], at)
    await actions.contacted(tx, visit["customer_id"], at)
    if visit["opportunity_id"] is not None:
        await touched(tx, visit["opportunity_id"], at)


async def warm_up(tx: Transaction, fact: Fact) -> None:
    """An interaction that counts as contact moves the warmth; a call nobody answered does not."""
    interaction = await hold(tx, _interaction(), interaction_id=fact.subject_id)
    if interaction is not None and interaction["counts_as_contact"] and not interaction["automated"]:
        if interaction["contact_id"] is not None:
            await contacted(tx, [interaction["contact_id"]], interaction["occurred_at"])
        await actions.contacted(tx, interaction["customer_id"], interaction["occurred_at"])


async def plan_contact(tx: Transaction, fact: Fact) -> None:
    """A customer came, went or came back: the task to get in touch comes and goes with it."""
    await actions.plan(tx, fact.subject_id)
    await look_for_leaders(tx, fact)


async def plan_contact_anew(tx: Transaction, fact: Fact) -> None:
    """Another owner or tier means another person or day; whoever is not to be contacted is left alone.

    Another class means other promises, too, for what the customer complains of.
    """
    changed = (fact.changes or {}).keys()
    if DECIDES_THE_PLAN & changed:
        await actions.plan(tx, fact.subject_id)
    if "class" in changed:
        await recounting.follow_customer(tx, fact.subject_id)
    await look_for_leaders(tx, fact)


async def settle_merge(tx: Transaction, fact: Fact) -> None:
    """Two customers became one, or one two again: each is as warm as the contacts that are its own by now say.

    Then its next contact is planned once, its complaints are due as its class says, and its leaders are looked for.
    Nothing is owed to whom was merged away.
    """
    customer = await queries.locked(tx, fact.subject_id)
    if customer is None or customer.merged_into_id is not None:
        return
    latest = await tx.value(_latest_contact(), customer_id=customer.id)
    if latest is not None:
        await actions.contacted(tx, customer.id, latest)
    await actions.plan(tx, customer.id)
    await dormancy.wake(tx, fact)
    await recounting.follow_customer(tx, customer.id)
    await settle_leaders(tx, customer.id)


async def plan_all_anew(tx: Transaction, fact: Fact) -> None:
    """Another time zone, cadence or calendar concerns all customers: the nightly round takes whom it moves, soon."""
    if DECIDES_ALL_PLANS & (fact.changes or {}).keys():
        await nightly.ask_anew(tx)


async def plan_around_absence(tx: Transaction, _: Fact) -> None:
    """Somebody will be away, or will not: whom they look after is to hear from them on a day that they work."""
    await nightly.ask_anew(tx)


async def plan_when_switched(tx: Transaction, fact: Fact) -> None:
    """The rule that stands for these plans was switched: all of them are made, or taken back."""
    if fact.payload.get("key") == NEXT_CONTACT_DUE:
        await nightly.ask_anew(tx)


@statement
def _visit() -> Select[Any]:
    v = visits.c
    home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(v.customer_id, v.owner_id, v.completed_at, v.met_contact_ids, v.opportunity_id).where(
        home, v.id == bindparam("visit_id", type_=Uuid), v.completed_at.is_not(None)
    )


@statement
def _latest_contact() -> Select[Any]:
    """When somebody last was in touch, by the interactions: of visits, too."""
    i = interactions.c
    home = i.workspace_id == bindparam("workspace_id", type_=Uuid)
    real = and_(i.counts_as_contact, i.automated.is_(False))
    return select(func.max(i.occurred_at)).where(home, i.customer_id == bindparam("customer_id", type_=Uuid), real)


@statement
def _interaction() -> Select[Any]:
    i = interactions.c
    home = i.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(i.customer_id, i.contact_id, i.occurred_at, i.counts_as_contact, i.automated).where(
        home, i.id == bindparam("interaction_id", type_=Uuid)
    )
