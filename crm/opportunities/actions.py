"""Adding, changing, archiving opportunities. How they move from stage to stage and state to state: ``moving``."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Date, Insert, Uuid, bindparam, case, func, or_, select

from crm import clock, reading
from crm.actor import Sight
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Access, Transaction, statement
from crm.days import today
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.opportunities import beginning, events
from crm.opportunities.errors import (
    AmountComesFromItems,
    OpportunityArchived,
    OpportunityClosed,
    ReferenceTaken,
    SaleStaysWithItsCustomer,
    SaleStaysWithItsOwner,
)
from crm.opportunities.grades import grade, review_every
from crm.opportunities.models import ONE_OPPORTUNITY_PER_REFERENCE, opportunities, opportunity_items
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.opportunities.rules import CLOSED, before
from crm.opportunities.schemas import OpportunityCreate, OpportunityUpdate
from crm.recording import changing, explain, record, renamed
from crm.workspaces.colleagues import team_of

MAY_HAND_OVER = "handovers:write"
TAKEN = {ONE_OPPORTUNITY_PER_REFERENCE: ReferenceTaken}
HELD = {
    "fk_opportunity_contacts_workspace_id_customer_id_opportunity_id": SaleStaysWithItsCustomer,
    "fk_visits_workspace_id_customer_id_opportunity_id": SaleStaysWithItsCustomer,
}
"""What is tied to an opportunity and its customer, and keeps the two together."""

FACT_OF: Mapping[str, str] = MappingProxyType(
    {
        "owner_id": events.OWNER_CHANGED,
        "team_id": events.OWNER_CHANGED,
        "money": events.QUALIFICATION_CHANGED,
        "authority": events.QUALIFICATION_CHANGED,
        "need": events.QUALIFICATION_CHANGED,
        "amount": events.AMOUNT_CHANGED,
        "currency": events.AMOUNT_CHANGED,
        "expected_close_on": events.CLOSE_DATE_MOVED,
        "grade": events.CLOSE_DATE_MOVED,
    }
)
"""What a change of a column is told as; every other one as ``updated``."""

IN_ORDER = (
    events.UPDATED,
    events.OWNER_CHANGED,
    events.QUALIFICATION_CHANGED,
    events.AMOUNT_CHANGED,
    events.CLOSE_DATE_MOVED,
)


async def create(access: Access, new: OpportunityCreate) -> Answer:
    """Add an opportunity in the first stage of its pipeline, or in the one named where its gates are passed.

    Raises 422 for a customer, pipeline, stage, owner who is not there, ``CustomerArchived``, ``GatesUnmet``,
    ``ReferenceTaken``, ``AlreadyExists``.
    """
    values = _columns(new.model_dump(exclude_none=True, exclude={"stage"}))
    day = clock.today(access.actor.timezone)
    if access.actor.user_id is not None:
        values.setdefault("owner_id", access.actor.user_id)
    values.setdefault("opened_on", day)
    values["grade"] = grade(values.get("expected_close_on"), day, access.actor.settings)
    insert = beginning.begun(access.actor.sight, frozenset(values), named=new.stage is not None)
    created = await record(
        access,
        events.CREATED,
        insert,
        refusals=TAKEN,
        stage=new.stage,
        review_days=review_every(values["grade"], access.actor.settings),
        **renamed(values),
    )
    if created is None:
        if new.customer_id is not None and (problem := await out_of_reach(access, new.customer_id)):
            raise problem
        await beginning.refuse(access, values, new.stage)
        raise Unavailable
    return created


async def update(tx: Transaction, opportunity_id: UUID, change: OpportunityUpdate) -> Answer:
    """Change what was sent. Each kind of change is a fact of its own, so this may make several.

    Raises ``NotFound``, ``Stale``, ``OpportunityClosed``, ``OpportunityArchived``, ``AmountComesFromItems``,
    ``SaleStaysWithItsOwner``, ``SaleStaysWithItsCustomer``, ``ReferenceTaken``, 422 for a customer who is not there.
    """
    values = _columns(change.model_dump(exclude_unset=True))
    review_days = None
    if "expected_close_on" in values:
        day = clock.today(tx.actor.timezone)
        values["grade"] = grade(values["expected_close_on"], day, tx.actor.settings)
        review_days = review_every(values["grade"], tx.actor.settings)
    may_give = MAY_HAND_OVER in tx.actor.scopes
    if_match, answer = tx.if_match, None
    for fact, part in _parts(values):
        wanted = _update(tx.actor.sight, frozenset(part), may_give=may_give)
        changed = await record(
            tx,
            fact,
            wanted,
            refusals={**TAKEN, **HELD},
            id=opportunity_id,
            review_days=review_days,
            if_match=if_match,
            **renamed(part),
        )
        if changed is None:
            found = await _as_it_is(tx, opportunity_id, part, is_ours=answer is not None)
            answer = answer or found
        else:
            answer, if_match = changed, None
    return answer or await explain(tx, OPPORTUNITY, opportunity_id)


async def archive(access: Access, opportunity_id: UUID) -> Answer:
    """Put an opportunity aside; it can be restored. Archiving twice is archiving once. Raises ``NotFound``."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=opportunity_id)
    return archived or await explain(access, OPPORTUNITY, opportunity_id)


async def restore(access: Access, opportunity_id: UUID) -> Answer:
    """Bring an archived opportunity back. Raises ``NotFound``."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), id=opportunity_id)
    return restored or await explain(access, OPPORTUNITY, opportunity_id)


def _columns(values: dict[str, Any]) -> dict[str, Any]:
    """What was sent, as the columns that keep it: money takes two."""
    if "amount" in values:
        sent = values["amount"] or {"amount": None, "currency": None}
        values["amount"] = None if sent["amount"] is None else Decimal(sent["amount"])
        values["currency"] = sent["currency"]
    return values


def _parts(values: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The values by what their change is told as."""
    for fact in IN_ORDER:
        part = {name: value for name, value in values.items() if FACT_OF.get(name, events.UPDATED) == fact}
        if part:
            yield fact, part


async def _as_it_is(tx: Transaction, opportunity_id: UUID, part: Mapping[str, Any], *, is_ours: bool) -> Answer:
    """The opportunity, when there was nothing to change; else the reason why it could not be.

    ``is_ours``: an earlier part has changed it, so that whatever version it has is the caller's.
    """
    answer = await (reading.one if is_ours else explain)(tx, OPPORTUNITY, opportunity_id)
    row = orjson.loads(answer.body)
    refuse_archived_or_closed(row)
    if "amount" in part and row["items"] and _amount_of(row) != (part["amount"], part["currency"]):
        raise AmountComesFromItems
    if "owner_id" in part and row["owner_id"] not in {None, str(part["owner_id"])}:
        raise SaleStaysWithItsOwner
    if "customer_id" in part and row["customer_id"] != str(part["customer_id"]):
        problem = await out_of_reach(tx, part["customer_id"])
        raise problem or Unavailable
    return answer


def refuse_archived_or_closed(row: Mapping[str, Any]) -> None:
    """Raise what keeps this opportunity from being changed at all."""
    if row["archived_at"] is not None:
        raise OpportunityArchived
    if row["state"] in CLOSED:
        raise OpportunityClosed(state=row["state"], stage=row["stage"]["key"])


def _amount_of(row: Mapping[str, Any]) -> tuple[Decimal | None, str | None]:
    amount = row["amount"]
    return (None, None) if amount is None else (Decimal(amount["amount"]), amount["currency"])


@statement
def _update(sight: Sight, columns: frozenset[str], *, may_give: bool) -> Insert:
    """An opportunity with these columns changed, while it is open or rests."""
    c = opportunities.c
    guards: list[ColumnElement[bool]] = [c.archived_at.is_(None), c.state.in_(before("update"))]
    values: dict[str, Any] = {}
    if "owner_id" in columns:
        new_owner = bindparam("new_owner_id", type_=Uuid)
        if not may_give:
            guards.append(or_(c.owner_id.is_(None), c.owner_id == new_owner))
        if "team_id" not in columns:
            values["team_id"] = case((c.owner_id == new_owner, c.team_id), else_=team_of(new_owner))
    if "customer_id" in columns:
        new_customer = bindparam("new_customer_id", type_=Uuid)
        guards.append(or_(c.customer_id == new_customer, in_reach(sight, new_customer)))
    if "amount" in columns:
        item = opportunity_items.alias("item")
        has_items = select(item.c.id).where(item.c.workspace_id == c.workspace_id, item.c.opportunity_id == c.id)
        guards.append(~has_items.exists())
    if "expected_close_on" in columns:
        new_day = bindparam("new_expected_close_on", type_=Date)
        moves = (c.expected_close_on.is_not(None)) & c.expected_close_on.is_distinct_from(new_day)
        values["close_date_moves"] = case((moves, c.close_date_moves + 1), else_=c.close_date_moves)
        values["review_due_on"] = case(
            (c.expected_close_on.is_distinct_from(new_day), review_due()), else_=c.review_due_on
        )
    return changing(OPPORTUNITY, sight, columns, *guards, values=values)


def review_due() -> ColumnElement[Any]:
    """So many days (``review_days``) after the last look at its card, never before today, on a working day."""
    days = bindparam("review_days", type_=opportunities.c.close_date_moves.type)
    since = func.coalesce(opportunities.c.reviewed_on, today())
    return on_a_working_day(func.greatest(since + days, today(), type_=Date))


@statement
def _archive(sight: Sight) -> Insert:
    return changing(OPPORTUNITY, sight, (), opportunities.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    return changing(OPPORTUNITY, sight, (), opportunities.c.archived_at.is_not(None), values={"archived_at": None})
