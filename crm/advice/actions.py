"""Everything that changes advice."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Text, Uuid, bindparam, select

from crm.actor import Sight
from crm.advice import events
from crm.advice.models import complaint_advice
from crm.advice.queries import ADVICE, default, one
from crm.advice.schemas import AdvicePut
from crm.complaints.vocabulary import Step
from crm.database import Transaction, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed


async def put(tx: Transaction, step: Step, wanted: AdvicePut) -> Answer:
    """Say something of one's own at a step. Raises ``Stale``, ``AlreadyExists`` where two do it at once."""
    return await _keep(tx, events.CHANGED, step, wanted.model_dump() | {"is_default": False})


async def reset(tx: Transaction, step: Step) -> Answer | bytes:
    """Go back to what was shipped. Raises ``Stale``."""
    if await tx.value(_there(), step=step) is None:
        return await one(tx, step)
    return await _keep(tx, events.RESET, step, default(step) | {"is_default": True})


async def _keep(tx: Transaction, event: str, step: Step, values: dict[str, Any]) -> Answer:
    there: UUID | None = await tx.value(_there(), step=step)
    if there is None:
        made = await record(tx, event, _add(), new_step=step, **renamed(values))
        if made is None:
            raise Unavailable
        return made
    changed = await record(tx, event, _change(), id=there, **renamed(values))
    return changed or await explain(tx, ADVICE, there)


@statement
def _there() -> Select[Any]:
    c = complaint_advice.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(c.id).where(at_home, c.step == bindparam("step", type_=Text))


@statement
def _add() -> Insert:
    return creating(ADVICE, ("step", "checklist", "avoid", "is_default"))


@statement
def _change() -> Insert:
    return changing(ADVICE, Sight.ALL, ("checklist", "avoid", "is_default"))
