"""Everything that changes requests."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Exists, Insert, Uuid, and_, bindparam, exists, func, or_

from crm import clock
from crm.actor import Sight
from crm.calendars.prepared import workspace_calendar
from crm.contacts.models import contacts
from crm.contacts.queries import CONTACT
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.privacy_requests import events
from crm.privacy_requests.errors import NotErasedYet, PrivacyRequestState
from crm.privacy_requests.models import privacy_requests
from crm.privacy_requests.queries import PRIVACY_REQUEST
from crm.privacy_requests.rules import MOVES, before, due_on
from crm.privacy_requests.schemas import PrivacyRequestCreate
from crm.privacy_requests.vocabulary import Move
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import at_home

WHO = ("contact_id", "customer_id")
"""The columns that name a record of the person; where neither does, ``person`` describes them."""


async def receive(access: Access, new: PrivacyRequestCreate) -> Answer:
    """Write down a request, with the day on which it is due by the workspace's setting and calendar.

    Raises 422 for a record that is not there or no person, and for a moment to come; ``AlreadyExists``.
    """
    now = datetime.now(UTC)
    received_at = new.received_at or now
    if received_at > now:
        raise invalid("received_at", "Not later than now.", "too_late")
    values = {name: value for name, value in new.model_dump().items() if value is not None}
    values["received_at"] = received_at
    received_on = clock.local_date(received_at, access.actor.timezone)
    days = access.actor.settings["privacy"]["answer_days"]
    calendar = await workspace_calendar(access)
    values["due_on"] = due_on(received_on, days, is_working_day=calendar.is_working_day)
    received = await record(access, events.RECEIVED, _insert(access.actor.sight, frozenset(values)), **renamed(values))
    if received is None:
        named = next(name for name in WHO if name in values)
        raise invalid(named, "There is no such person.", "not_found")
    return received


async def verify(access: Access, request_id: UUID) -> Answer:
    """Whoever asks has shown who they are. Raises ``NotFound``, ``Stale``, ``PrivacyRequestState``."""
    return await _move(access, "verify", events.VERIFIED, request_id, {})


async def fulfill(access: Access, request_id: UUID) -> Answer:
    """It was done. Raises as ``verify`` does, ``NotErasedYet`` for one to delete whose person was not erased."""
    return await _move(access, "fulfill", events.FULFILLED, request_id, {})


async def refuse(access: Access, request_id: UUID, reason: str) -> Answer:
    """It is not granted, with the reason. Raises as ``verify`` does."""
    return await _move(access, "refuse", events.REFUSED, request_id, {"refusal_reason": reason})


async def _move(access: Access, move: Move, event_type: str, request_id: UUID, values: Mapping[str, Any]) -> Answer:
    change = _change(access.actor.sight, move, frozenset(values))
    moved = await record(access, event_type, change, id=request_id, **renamed(values))
    if moved is not None:
        return moved
    answer = await explain(access, PRIVACY_REQUEST, request_id)
    raise PrivacyRequestState if (orjson.loads(answer.body)["state"], move) not in MOVES else NotErasedYet


@statement
def _insert(sight: Sight, columns: frozenset[str]) -> Insert:
    there: ColumnElement[bool] | None = None
    if "contact_id" in columns:
        there = exists().where(at_home(contacts), contacts.c.id == bindparam("new_contact_id"), CONTACT.visible(sight))
    if "customer_id" in columns:
        person = customers.c.kind == "person"
        named = customers.c.id == bindparam("new_customer_id")
        there = exists().where(at_home(customers), named, person, CUSTOMER.visible(sight))
    return creating(PRIVACY_REQUEST, columns, only_if=there)


@statement
def _change(sight: Sight, move: Move, columns: frozenset[str]) -> Insert:
    guards: list[ColumnElement[bool]] = [privacy_requests.c.state.in_(before(move))]
    values: dict[str, Any] = {"state": MOVES[before(move)[0], move]}
    if move == "verify":
        values |= {"verified_at": func.now(), "verified_by": bindparam("user_id", type_=Uuid)}
    else:
        values["closed_at"] = func.now()
    if move == "fulfill":
        unknown = and_(*(privacy_requests.c[name].is_(None) for name in WHO))
        guards.append(or_(privacy_requests.c.kind != "delete", unknown, _is_erased()))
    return changing(PRIVACY_REQUEST, sight, columns, *guards, values=values)


def _is_erased() -> ColumnElement[bool]:
    def erased(table: Any, id: ColumnElement[Any]) -> Exists:
        return exists().where(at_home(table), table.c.id == id, table.c.erased_at.is_not(None))

    return or_(erased(contacts, privacy_requests.c.contact_id), erased(customers, privacy_requests.c.customer_id))
