"""The life of a reaction owed to a fact: claimed, then settled in the transaction of its effect.

A claim counts an attempt and puts the next one off; that is its lease. Whoever dies with a claim loses it when the
next attempt falls due, and whoever comes back late finds the count moved on: the number of the attempt is the fence.
So an effect happens exactly once, and a reaction that kills its worker runs out of attempts like any other.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Update,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal,
    null,
    select,
    update,
)
from sqlalchemy import cast as cast_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import Interval

from crm.database import Access, Transaction, statement
from crm.events.models import events, reactions
from crm.turns import taken_in_turns

MOST_ATTEMPTS = 10
FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(hours=1)


class Claim(NamedTuple):
    """The right to try one reaction once. ``state`` is ``dead`` when there was no attempt left to claim."""

    workspace_id: UUID
    event_id: UUID
    name: str
    attempts: int
    state: str


class Fact(NamedTuple):
    """What happened, as a reaction is told of it."""

    workspace_id: UUID
    id: UUID
    type: str
    subject_type: str
    subject_id: UUID
    customer_id: UUID | None
    occurred_at: datetime
    payload: Mapping[str, Any]
    changes: Mapping[str, Any] | None


async def claim(access: Access, *, after: UUID, share: int, most: int) -> list[Claim]:
    """Claim reactions whose moment has come: ``share`` of each workspace after ``after``, ``most`` in all."""
    return [Claim(*row) for row in await access.rows(_claim(), after=after, share=share, most=most)]


async def take(tx: Transaction, claimed: Claim) -> Fact | None:
    """Lock what was claimed and give the fact; None when the claim has run out and is somebody else's by now."""
    row = await tx.row(_take(), **_of(claimed))
    return None if row is None else Fact(*row)


async def take_all(tx: Transaction, claims: Sequence[Claim]) -> list[tuple[Claim, Fact]]:
    """``take`` of many reactions of one name in one workspace, all at the same attempt: those whose claim holds."""
    rows = await tx.rows(_take_all(), **_of_all(claims))
    held = {claim.event_id: claim for claim in claims}
    return [(held[fact.id], fact) for fact in (Fact(*row) for row in rows)]


async def settle_all(tx: Transaction, claims: Sequence[Claim]) -> None:
    """They are done, in the transaction of their effects."""
    await tx.rows(_settle_all(), **_of_all(claims))


async def settle(tx: Transaction, claimed: Claim) -> None:
    """It is done, in the transaction of its effect."""
    await tx.row(_settle(), **_of(claimed))


async def fail(access: Access, claimed: Claim, error: str) -> str | None:
    """It went wrong: it stays due for its next attempt, and is ``dead`` when it had the last. Its state now."""
    state: str | None = await access.value(_fail(), error=error, **_of(claimed))
    return state


async def give_back(access: Access, claimed: Claim) -> None:
    """It was not tried: it is due at once, and the attempt does not count."""
    await access.row(_give_back(), **_of(claimed))


def _of(claimed: Claim) -> dict[str, Any]:
    return {"event_id": claimed.event_id, "name": claimed.name, "attempt": claimed.attempts}


def _of_all(claims: Sequence[Claim]) -> dict[str, Any]:
    return {**_of(claims[0]), "event_ids": [claim.event_id for claim in claims]}


def _due(reaction: FromClause) -> ColumnElement[bool]:
    is_due: ColumnElement[bool] = reaction.c.next_attempt_at <= func.now()
    return (reaction.c.state == "pending") & is_due


def _this() -> tuple[ColumnElement[bool], ...]:
    """The claimed reaction, as long as the claim holds."""
    return (
        reactions.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        reactions.c.event_id == bindparam("event_id", type_=Uuid),
        reactions.c.name == bindparam("name", type_=Text),
        reactions.c.state == "pending",
        reactions.c.attempts == bindparam("attempt", type_=Integer),
    )


@statement
def _claim() -> Update:
    taken = taken_in_turns(reactions, _due, ["event_id", "name"], ["next_attempt_at"])
    # The power is bounded before it is taken: 2^1000 would not be an interval any more.
    doubled = FIRST_WAIT * func.power(2, func.least(reactions.c.attempts, MOST_ATTEMPTS))
    wait = func.least(cast_(doubled, Interval), literal(LONGEST_WAIT)) * (0.8 + 0.4 * func.random())
    exhausted = reactions.c.attempts >= MOST_ATTEMPTS
    return (
        update(reactions)
        .where(
            reactions.c.workspace_id == taken.c.workspace_id,
            reactions.c.event_id == taken.c.event_id,
            reactions.c.name == taken.c.name,
        )
        .values(
            attempts=case((exhausted, reactions.c.attempts), else_=reactions.c.attempts + 1),
            next_attempt_at=func.now() + wait,
            state=case((exhausted, "dead"), else_="pending"),
            settled_at=case((exhausted, func.now()), else_=null()),
        )
        .returning(*(reactions.c[name] for name in Claim._fields))
    )


@statement
def _take() -> Select[Any]:
    fact = (events.c.workspace_id == reactions.c.workspace_id) & (events.c.id == reactions.c.event_id)
    return (
        select(*(events.c[name] for name in Fact._fields))
        .select_from(reactions.join(events, fact))
        .where(*_this(), events.c.workspace_id == bindparam("workspace_id"), events.c.id == bindparam("event_id"))
        .with_for_update(of=reactions)
    )


def _these() -> tuple[ColumnElement[bool], ...]:
    """The claimed reactions, as far as their claims hold: each by its key.

    Not by the index of all that wait, which statistics from before an import say hold nothing, and which holds a
    hundred thousand: hence what the state is not.
    """
    return (
        reactions.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        reactions.c.event_id == any_(bindparam("event_ids", type_=ARRAY(Uuid))),
        reactions.c.name == bindparam("name", type_=Text),
        reactions.c.state.not_in(("done", "dead")),
        reactions.c.attempts == bindparam("attempt", type_=Integer),
    )


@statement
def _take_all() -> Select[Any]:
    return (
        select(*(events.c[name] for name in Fact._fields))
        .select_from(reactions.join(events, events.c.id == reactions.c.event_id))
        .where(*_these(), events.c.workspace_id == bindparam("workspace_id", type_=Uuid))
        .order_by(events.c.id)
        .with_for_update(of=reactions)
    )


@statement
def _settle_all() -> Update:
    return update(reactions).where(*_these()).values(state="done", settled_at=func.now(), last_error=None)


@statement
def _settle() -> Update:
    return update(reactions).where(*_this()).values(state="done", settled_at=func.now(), last_error=None)


@statement
def _fail() -> Update:
    last = reactions.c.attempts >= MOST_ATTEMPTS
    return (
        update(reactions)
        .where(*_this())
        .values(
            last_error=bindparam("error", type_=Text),
            state=case((last, "dead"), else_="pending"),
            settled_at=case((last, func.now()), else_=null()),
        )
        .returning(reactions.c.state)
    )


@statement
def _give_back() -> Update:
    return update(reactions).where(*_this()).values(attempts=reactions.c.attempts - 1, next_attempt_at=func.now())
