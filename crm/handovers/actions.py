"""Handing over: customers, their planned visits, sales and the tasks to get in touch, as sets, in one transaction.

Who may is a matter of scope (``handovers:write``, supervisors: ``domain.md`` C6), whom it may concern one of sight.
Everything moves from each customer's former owner only: what a third person planned there stays theirs.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Uuid,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.complaints import events as complaint_events
from crm.customers import events as customer_events
from crm.customers.errors import CustomerArchived
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Transaction, statement
from crm.errors import FieldError, NotFound, Stale, Unprocessable, invalid
from crm.handovers import moving
from crm.handovers.schemas import MOST, CustomersTransfer, CustomerTransfer, With
from crm.nouns import Answer
from crm.opportunities import events as opportunity_events
from crm.tables import at_home
from crm.tasks import events as task_events
from crm.visits import events as visit_events
from crm.workspaces.colleagues import must_be_active
from crm.workspaces.models import users


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
    return [Answer(*row) for row in await tx.rows(moving.move_customers(), **given)]


async def _follow(tx: Transaction, held: Sequence[_Held], to: UUID, along: With) -> dict[str, int]:
    """What goes along with the customers of each former owner; how much it was."""
    theirs = [(one.id, one.owner_id) for one in held if one.owner_id not in {None, to}]
    moved = {"tasks": 0, "visits": 0, "opportunities": 0, "complaints": 0}
    if theirs:
        ids, owners = zip(*theirs, strict=True)
        given = {"customer_ids": list(ids), "owner_ids": list(owners), "to": to}
        if along.tasks:
            moved["tasks"] = len(await tx.rows(moving.move_tasks(), event_type=task_events.REASSIGNED, **given))
        if along.visits:
            moved["visits"] = len(await tx.rows(moving.move_visits(), event_type=visit_events.UPDATED, **given))
        if along.opportunities:
            given["event_type"] = opportunity_events.OWNER_CHANGED
            moved["opportunities"] = len(await tx.rows(moving.move_opportunities(), **given))
        if along.complaints:
            given |= {"event_type": complaint_events.ASSIGNED, "note": None}
            moved["complaints"] = len(await tx.rows(moving.move_complaints(), **given))
    return moved


def _held(sight: Sight) -> Select[Any]:
    """In the order of ids, so that two who hand over the same customers wait for each other and do not deadlock."""
    c = customers.c
    return (
        select(c.id, c.owner_id, c.archived_at.is_not(None).label("archived"), c.version)
        .where(at_home(customers), CUSTOMER.visible(sight))
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
    return (
        select(func.count()).select_from(customers).where(at_home(customers), CUSTOMER.visible(sight), _is_of_owner())
    )


@statement
def _is_there() -> Select[Any]:
    return select(func.count()).select_from(users).where(at_home(users), users.c.id == bindparam("user_id", type_=Uuid))
