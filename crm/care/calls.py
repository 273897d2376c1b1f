"""What a caller keeps of a customer from call to call: when to call next (``domain.md`` A119), and how far things are.

``progress_at`` is where the call list learns of progress, intention and contract: from callers and from sales.
"""

from functools import cache
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Insert,
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
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql.selectable import LateralFromClause

from crm.actor import Sight
from crm.care import events
from crm.care.call_schemas import CallUpdate
from crm.care.models import customer_calls
from crm.care.vocabulary import Intention
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER, in_reach, out_of_reach
from crm.database import Transaction, statement
from crm.errors import NotFound
from crm.nouns import Answer, Noun, mention
from crm.opportunities.models import opportunities
from crm.pipelines.models import pipeline_stages
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import stamps


def contract_state(ends_on: ColumnElement[Any], day: ColumnElement[Any]) -> ColumnElement[str]:
    """A121: no contract, in contract (its last day included), expired."""
    return case((ends_on.is_(None), "none"), (ends_on < day, "expired"), else_="active")


INTENTIONS = get_args(Intention)
"""From poor to very likely."""


def progress_at(customer_id: ColumnElement[Any], day: ColumnElement[Any]) -> LateralFromClause:
    """How far things are with a customer, to be joined: always one row, whatever is known.

    ``progress_code`` (A120), ``intention`` (A122), ``contract_state`` (A121) and ``next_call_on``. What a caller has
    noted goes before what the sales say: the furthest of the open ones and its best intention, or the contract won.
    """
    noted, sale, stage = customer_calls.alias("noted"), opportunities.alias("sale"), pipeline_stages.alias("stage")
    home, is_open, is_won = bindparam("workspace_id", type_=Uuid), sale.c.state != "won", sale.c.state == "won"
    scale = cast(list(INTENTIONS), ARRAY(Text))
    sold = (
        select(
            func.max(stage.c.progress_code).filter(is_open).label("code"),
            func.max(func.array_position(scale, sale.c.intention)).filter(is_open).label("intention"),
            func.bool_or(is_won).label("won"),
            func.max(sale.c.contract_ends_on).filter(is_won).label("ends_on"),
        )
        .select_from(sale.join(stage, and_(stage.c.workspace_id == sale.c.workspace_id, stage.c.id == sale.c.stage_id)))
        .where(
            sale.c.workspace_id == home,
            sale.c.customer_id == customer_id,
            sale.c.state != "lost",
            sale.c.archived_at.is_(None),
        )
        .correlate_except(sale, stage)
        .lateral("sold")
    )
    best = case(dict(enumerate(INTENTIONS, start=1)), value=sold.c.intention)
    of_contract = case((sold.c.ends_on < day, 7), (sold.c.won, 6))
    found = select(
        func.coalesce(noted.c.progress_code, sold.c.code, of_contract, type_=Integer).label("progress_code"),
        func.coalesce(noted.c.intention, best, type_=Text).label("intention"),
        contract_state(func.coalesce(noted.c.contract_ends_on, sold.c.ends_on, type_=Date), day).label(
            "contract_state"
        ),
        noted.c.next_call_on,
    ).select_from(sold.outerjoin(noted, and_(noted.c.workspace_id == home, noted.c.id == customer_id)))
    return found.lateral("progress")


def shape(call: FromClause) -> Select[Any]:
    """What is kept, once."""
    customer = customers.alias("customer")
    c = call.c
    here = and_(customer.c.workspace_id == c.workspace_id, customer.c.id == c.id)
    return select(
        c.id.label("customer_id"),
        mention(customer).label("customer"),
        c.next_call_on,
        c.progress_code,
        c.intention,
        c.contract_ends_on,
        *stamps(call),
    ).select_from(call.join(customer, here))


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """Whoever sees the customer sees it."""
    if sight is Sight.ALL:
        return true()
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return customer_calls.c.id.in_(select(customers.c.id).where(at_home, CUSTOMER.visible(sight)))


CALL = Noun("customer_call", customer_calls, shape, visible, customer="id")


async def keep(tx: Transaction, customer_id: UUID, change: CallUpdate) -> Answer:
    """Keep what was sent and nothing else. Raises ``NotFound``, ``Stale``, ``CustomerArchived``."""
    values = change.model_dump(exclude_unset=True)
    columns = frozenset(values)
    sight = tx.actor.sight
    if tx.if_match is None:
        first = await record(tx, events.CALL_KEPT, _create(sight, columns), new_id=customer_id, **renamed(values))
        if first is not None:
            return first
    changed = await record(tx, events.CALL_KEPT, _change(sight, columns), id=customer_id, **renamed(values))
    if changed is not None:
        return changed
    try:
        return await explain(tx, CALL, customer_id)
    except NotFound:
        problem = await out_of_reach(tx, customer_id)
        raise (problem if problem is not None and problem.status == 409 else NotFound) from None


@statement
def _create(sight: Sight, columns: frozenset[str]) -> Insert:
    id_ = bindparam("new_id", type_=Uuid)
    known = exists().where(
        customer_calls.c.workspace_id == bindparam("workspace_id", type_=Uuid), customer_calls.c.id == id_
    )
    return creating(CALL, columns | {"id"}, only_if=in_reach(sight, id_) & ~known)


@statement
def _change(sight: Sight, columns: frozenset[str]) -> Insert:
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    archived = exists().where(at_home, customers.c.id == customer_calls.c.id, customers.c.archived_at.is_not(None))
    return changing(CALL, sight, columns, ~archived)


DAY = bindparam("day", type_=Date)
"""The day a question is about."""
