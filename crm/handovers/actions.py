"""Handing over: customers, their planned visits, sales and the tasks to get in touch, as sets, in one transaction.

Who may is a matter of scope (``handovers:write``, supervisors: ``domain.md`` C6), whom it may concern one of sight.
Everything moves from each customer's former owner only: what a third person planned there stays theirs.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.complaints import events as complaint_events
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import OPEN as OPEN_COMPLAINTS
from crm.complaints.taking import written
from crm.customers import events as customer_events
from crm.customers.errors import CustomerArchived
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Transaction, statement
from crm.errors import FieldError, NotFound, Stale, Unprocessable, invalid
from crm.handovers.schemas import MOST, CustomersTransfer, CustomerTransfer, With
from crm.nouns import Answer
from crm.opportunities import events as opportunity_events
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import before as workable_states
from crm.recording import recorded
from crm.tasks import events as task_events
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_anew
from crm.visits import events as visit_events
from crm.visits.models import visits
from crm.visits.moving import in_turn
from crm.visits.people import must_be_active
from crm.visits.queries import VISIT
from crm.visits.rules import after, before
from crm.workspaces.models import users

TASKS_THAT_GO_ALONG = (
    "contact_due", "next_step", "birthday", "callback", "revisit", "card_review", "contract_expiry",
)  # fmt: skip
"""Those that the owner has for being the owner: promised with a visit, or made by care and by rules."""


class _Held(NamedTuple):
    """A customer about to change hands, locked until the transaction ends."""

    id: UUID
    owner_id: UUID | None
    archived: bool
    version: int


async def transfer(tx: Transaction, customer_id: UUID, wanted: CustomerTransfer) -> Answer:
    """Hand one customer over; to whom has it already, nothing happens.

    Raises ``NotFound``, ``Stale``, ``CustomerArchived``, 422 for a new owner who is not there or not active.
    """
    held = await _lock(tx, [customer_id])
    if not held:
        raise NotFound
    if tx.if_match is not None and tx.if_match != held[0].version:
        raise Stale(current_version=held[0].version, headers={"ETag": f'"{held[0].version}"'})
    if held[0].archived:
        raise CustomerArchived
    await must_be_active(tx, "owner_id", wanted.owner_id)
    answers = await _hand_over(tx, held, wanted.owner_id, wanted.reason)
    await _follow(tx, held, wanted.owner_id, wanted.with_)
    # Where it goes to a team that the actor does not see, the fact is the last they see of it.
    return answers[0] if answers else await reading.one(tx, CUSTOMER, customer_id)


async def transfer_many(tx: Transaction, wanted: CustomersTransfer) -> bytes:
    """Hand several over, or all of a person's that are not archived, at most ``MOST``; all of them or none.

    Raises 422 naming each customer who is not there, and for people who are not; ``CustomerArchived``.
    """
    await must_be_active(tx, "to", wanted.to)
    if wanted.customer_ids is None:
        if not await tx.value(_is_there(), user_id=wanted.owner_id):
            raise invalid("owner_id", "There is no such user.", "not_found")
        held = [_Held(*row) for row in await tx.rows(_of_owner(tx.actor.sight), owner_id=wanted.owner_id)]
    else:
        held = await _lock(tx, wanted.customer_ids)
        _refuse_missing(wanted.customer_ids, {one.id for one in held})
        if archived := [str(one.id) for one in held if one.archived]:
            raise CustomerArchived(customer_ids=archived)
    moved = await _hand_over(tx, held, wanted.to, wanted.reason)
    along = await _follow(tx, held, wanted.to, wanted.with_)
    remaining = 0
    if wanted.owner_id is not None and wanted.owner_id != wanted.to:
        remaining = await tx.value(_remaining(tx.actor.sight), owner_id=wanted.owner_id)
    return orjson.dumps({**along, "customers": len(moved), "remaining": remaining})


def _refuse_missing(asked: Sequence[UUID], found: set[UUID]) -> None:
    errors = tuple(
        FieldError(f"#/customer_ids/{place}", "There is no such customer.", "not_found")
        for place, customer_id in enumerate(asked)
        if customer_id not in found
    )
    if errors:
        raise Unprocessable(errors=errors)


async def _lock(tx: Transaction, ids: Sequence[UUID]) -> list[_Held]:
    return [_Held(*row) for row in await tx.rows(_these(tx.actor.sight), ids=list(ids))]


async def _hand_over(tx: Transaction, held: Sequence[_Held], to: UUID, reason: str) -> list[Answer]:
    ids = [one.id for one in held if one.owner_id != to]
    if not ids:
        return []
    given = {"event_type": customer_events.OWNER_CHANGED, "ids": ids, "to": to, "reason": reason}
    return [Answer(*row) for row in await tx.rows(_move_customers(), **given)]


async def _follow(tx: Transaction, held: Sequence[_Held], to: UUID, along: With) -> dict[str, int]:
    """What goes along with the customers of each former owner; how much it was."""
    theirs = [(one.id, one.owner_id) for one in held if one.owner_id not in {None, to}]
    moved = {"tasks": 0, "visits": 0, "opportunities": 0, "complaints": 0}
    if theirs:
        ids, owners = zip(*theirs, strict=True)
        given = {"customer_ids": list(ids), "owner_ids": list(owners), "to": to}
        if along.tasks:
            moved["tasks"] = len(await tx.rows(_move_tasks(), event_type=task_events.REASSIGNED, **given))
        if along.visits:
            moved["visits"] = len(await tx.rows(_move_visits(), event_type=visit_events.UPDATED, **given))
        if along.opportunities:
            given["event_type"] = opportunity_events.OWNER_CHANGED
            moved["opportunities"] = len(await tx.rows(_move_opportunities(), **given))
        if along.complaints:
            given |= {"event_type": complaint_events.ASSIGNED, "note": None}
            moved["complaints"] = len(await tx.rows(_move_complaints(), **given))
    return moved


def _home(table: FromClause) -> ColumnElement[bool]:
    at_home: ColumnElement[bool] = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home


def _held(sight: Sight) -> Select[Any]:
    """In the order of ids, so that two who hand over the same customers wait for each other and do not deadlock."""
    c = customers.c
    return (
        select(c.id, c.owner_id, c.archived_at.is_not(None).label("archived"), c.version)
        .where(_home(customers), CUSTOMER.visible(sight))
        .order_by(c.id)
        .with_for_update(key_share=True, of=customers)
    )


@statement
def _these(sight: Sight) -> Select[Any]:
    return _held(sight).where(customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))


def _is_of_owner() -> ColumnElement[bool]:
    of_owner: ColumnElement[bool] = customers.c.owner_id == bindparam("owner_id", type_=Uuid)
    return of_owner & customers.c.archived_at.is_(None)


@statement
def _of_owner(sight: Sight) -> Select[Any]:
    return _held(sight).where(_is_of_owner()).limit(MOST)


@statement
def _remaining(sight: Sight) -> Select[Any]:
    return select(func.count()).select_from(customers).where(_home(customers), CUSTOMER.visible(sight), _is_of_owner())


@statement
def _is_there() -> Select[Any]:
    return select(func.count()).select_from(users).where(_home(users), users.c.id == bindparam("user_id", type_=Uuid))


def _to() -> ColumnElement[Any]:
    return bindparam("to", type_=Uuid)


def _their_team() -> ColumnElement[Any]:
    return select(users.c.team_id).where(_home(users), users.c.id == _to()).scalar_subquery()


@statement
def _move_customers() -> Insert:
    moved = (
        update(customers)
        .where(_home(customers), customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .values(owner_id=_to(), team_id=_their_team())
    )
    return recorded(CUSTOMER, moved, noting={"reason": bindparam("reason", type_=Text)})


def _former(name: str = "former") -> FromClause:
    """Each customer with the owner it had."""
    arrays = [bindparam(name, type_=ARRAY(Uuid)) for name in ("customer_ids", "owner_ids")]
    return func.unnest(*arrays).table_valued("customer_id", "owner_id", name=name).render_derived()


@statement
def _move_tasks() -> Insert:
    former = _former()
    moved = (
        update(tasks)
        .where(
            _home(tasks),
            tasks.c.customer_id == former.c.customer_id,
            tasks.c.assignee_id == former.c.owner_id,
            tasks.c.state == "open",
            tasks.c.kind.in_(TASKS_THAT_GO_ALONG),
        )
        .values(assignee_id=_to(), team_id=_their_team())
    )
    return recorded(TASK, moved, also=remind_anew)


@statement
def _move_opportunities() -> Insert:
    """Sales that are not over; whoever helped with one goes on to."""
    former, o = _former(), opportunities.c
    moved = (
        update(opportunities)
        .where(
            _home(opportunities),
            o.customer_id == former.c.customer_id,
            o.owner_id == former.c.owner_id,
            o.archived_at.is_(None),
            o.state.in_(workable_states("update")),
        )
        .values(owner_id=_to(), team_id=_their_team())
    )
    return recorded(OPPORTUNITY, moved)


@statement
def _move_complaints() -> Insert:
    """Complaints that are not over and that the former owner looked into; never to whom one is about."""
    former, c = _former(), complaints.c
    moved = (
        update(complaints)
        .where(
            _home(complaints),
            c.customer_id == former.c.customer_id,
            c.assignee_id == former.c.owner_id,
            c.state.in_(OPEN_COMPLAINTS),
            c.responsible_id.is_distinct_from(_to()),
        )
        .values(assignee_id=_to(), team_id=func.coalesce(_their_team(), c.team_id))
    )
    return recorded(COMPLAINT, moved, also=partial(written, "assign"))


@statement
def _move_visits() -> Insert:
    """Whoever takes a visit over confirms it anew, and sorts out what they have at the same time."""
    former, v = _former(), visits.c
    moved = (
        update(visits)
        .where(
            _home(visits),
            v.customer_id == former.c.customer_id,
            v.owner_id == former.c.owner_id,
            v.state.in_(before("hand_over")),
            in_turn(_to()),
        )
        .values(
            owner_id=_to(),
            team_id=_their_team(),
            state=after("hand_over"),
            supervisor_id=func.nullif(v.supervisor_id, _to()),
            overlap_allowed=or_(v.overlap_allowed, _busy()),
        )
    )
    return recorded(VISIT, moved)


def _busy() -> ColumnElement[bool]:
    """At the time of the visit the new owner has another, or is handed one by the same statement."""
    other, former = visits.alias("other"), _former("others_former")
    o = other.c
    along = exists().where(former.c.customer_id == o.customer_id, former.c.owner_id == o.owner_id)
    return exists().where(
        _home(other),
        o.id != visits.c.id,
        or_(o.owner_id == _to(), and_(o.state.in_(before("hand_over")), along)),
        o.state.in_(("planned", "confirmed", "in_progress")),
        o.planned_start < visits.c.planned_end,
        o.planned_end > visits.c.planned_start,
    )
