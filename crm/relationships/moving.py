"""Everything that moves a customer along its lifecycle. Each move is one statement with its guards inside.

Of two people who move a customer at the same moment one does, and the other is told the state as it is by then.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, func, null

from crm.actor import Role, Sight
from crm.customers import events
from crm.customers.errors import CustomerArchived
from crm.customers.lifecycle import MOVES, NEEDS, NEEDS_A_MANAGER, after, before, moves_from
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.vocabulary import LifecycleMove
from crm.database import Access, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed
from crm.relationships import guards
from crm.relationships.errors import LifecycleMoveNotAllowed, ManagerNeeded, RequirementsMissing
from crm.relationships.schemas import ConvertCustomer, LoseCustomer, WinBackCustomer

EVENT_OF: Mapping[LifecycleMove, str] = MappingProxyType(
    {
        "qualify": events.QUALIFIED,
        "convert": events.CONVERTED,
        "lose": events.LOST,
        "win_back": events.WON_BACK,
    }
)


async def qualify(access: Access, customer_id: UUID) -> Answer:
    """A prospect is interested. Needs an owner and a contact with a phone or an e-mail address.

    Raises ``NotFound``, ``Stale``, ``CustomerArchived``, ``LifecycleMoveNotAllowed``, ``RequirementsMissing``.
    """
    return await _make(access, "qualify", customer_id, {"lifecycle_reason": None})


async def convert(access: Access, customer_id: UUID, why: ConvertCustomer) -> Answer:
    """Someone interested became a customer: by a won opportunity, or by hand with a reason. Raises as ``qualify``."""
    return await _make(access, "convert", customer_id, {"lifecycle_reason": why.reason})


async def lose(access: Access, customer_id: UUID, why: LoseCustomer) -> Answer:
    """A customer was lost, by one of five causes. Raises as ``qualify``, and ``ManagerNeeded``.

    Whom we sent away on purpose, a manager sent away.
    """
    if why.cause in NEEDS_A_MANAGER and access.actor.role not in {Role.MANAGER, Role.ADMIN}:
        await explain(access, CUSTOMER, customer_id)
        raise ManagerNeeded
    values = {"lifecycle_reason": None, "lost_cause": why.cause, "lost_evidence": why.evidence}
    return await _make(access, "lose", customer_id, values)


async def win_back(access: Access, customer_id: UUID, why: WinBackCustomer) -> Answer:
    """A lost customer is interested again. Raises as ``qualify``."""
    return await _make(access, "win_back", customer_id, {"lifecycle_reason": why.reason})


async def _make(access: Access, move: LifecycleMove, customer_id: UUID, values: Mapping[str, Any]) -> Answer:
    stated = frozenset({"reason"} if values["lifecycle_reason"] else ())
    wanted = _moved(access.actor.sight, move, frozenset(values), stated)
    moved = await record(access, EVENT_OF[move], wanted, id=customer_id, **renamed(values))
    if moved is not None:
        return moved
    customer = orjson.loads((await explain(access, CUSTOMER, customer_id)).body)
    if customer["archived_at"] is not None:
        raise CustomerArchived
    state = customer["lifecycle"]
    if (state, move) not in MOVES:
        raise LifecycleMoveNotAllowed(state=state, allowed=moves_from(state))
    if missing := await guards.unmet(access, customer_id, NEEDS.get(move, ()), stated):
        raise RequirementsMissing(missing=missing)
    raise Unavailable


@statement
def _moved(sight: Sight, move: LifecycleMove, columns: frozenset[str], stated: frozenset[str]) -> Insert:
    lost_at = func.now() if move == "lose" else null()
    forgotten = {name: null() for name in ("lost_cause", "lost_evidence")} if move != "lose" else {}
    return changing(
        CUSTOMER,
        sight,
        columns,
        customers.c.archived_at.is_(None),
        customers.c.lifecycle.in_(before(move)),
        guards.met(NEEDS.get(move, ()), stated),
        values={"lifecycle": after(move), "lost_at": lost_at, **forgotten},
    )
