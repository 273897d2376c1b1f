"""Setting what other currencies are worth."""

from datetime import date

from sqlalchemy import Date, Insert, Select, Text, Uuid, bindparam, select

from crm.actor import Sight
from crm.database import Transaction, statement
from crm.errors import Unavailable, invalid
from crm.exchange_rates import events
from crm.exchange_rates.models import exchange_rates
from crm.exchange_rates.queries import RATE
from crm.exchange_rates.schemas import RatePut
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record
from crm.workspaces.models import workspaces


async def put(tx: Transaction, currency: str, day: date, wanted: RatePut) -> Answer:
    """Say what one unit is worth from this day on, until the day of the next rate; a second time corrects it.

    Raises 422 for the workspace's own currency, ``Stale``.
    """
    if await tx.value(_own()) == currency:
        raise invalid("path:currency", "This is the workspace's own currency.", "own_currency")
    there = await tx.value(_there(), currency=currency, day=day)
    if there is None:
        made = await record(tx, events.SET, _set(), new_currency=currency, new_day=day, new_rate=wanted.rate)
        if made is None:
            raise Unavailable
        return made
    corrected = await record(tx, events.CORRECTED, _correct(), id=there, new_rate=wanted.rate)
    return corrected or await explain(tx, RATE, there)


@statement
def _own() -> Select[tuple[str]]:
    return select(workspaces.c.currency).where(workspaces.c.workspace_id == bindparam("workspace_id", type_=Uuid))


@statement
def _there() -> Select[tuple[object]]:
    c = exchange_rates.c
    return select(c.id).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        c.currency == bindparam("currency", type_=Text),
        c.day == bindparam("day", type_=Date),
    )


@statement
def _set() -> Insert:
    return creating(RATE, ("currency", "day", "rate"))


@statement
def _correct() -> Insert:
    return changing(RATE, Sight.ALL, ("rate",))
