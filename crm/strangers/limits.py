"""How often strangers may come, counted in Postgres over all processes, and before anything is looked for.

A counter is one moment: when all that came is forgotten. Each visit moves it on by its share of the period, and one
that would move it further than a whole period from now is refused (the generic cell rate algorithm, as in ATM Forum
TM 4.0). So ``most`` visits may come at once and after them one every ``per / most``, in whatever windows one looks.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Interval,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    delete,
    extract,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningDelete, ReturningInsert

from crm.database import EVERYWHERE, Database, statement
from crm.errors import TooManyRequests
from crm.strangers.models import stranger_counters as counters
from crm.tables import Moment
from crm.workspaces import throttle


@dataclass(frozen=True, slots=True)
class Rate:
    """``most`` visits at once, and as many in each further period."""

    most: int
    per: timedelta

    @property
    def share(self) -> timedelta:
        """By how much one visit moves the counter."""
        return self.per / self.most


ADDRESS = Rate(120, timedelta(minutes=10))
"""All that comes from one address: an office has one, and so has a hall with a code to scan at its door."""
MISS = 20
"""What an address that we never gave out costs beside its visit: six guesses at once, then one in 100 seconds."""


@dataclass(frozen=True, slots=True)
class Source:
    """Whoever comes from one network address, counted by themselves; and what a miss costs them in visits."""

    name: str
    rate: Rate
    miss: int


PEOPLE = Source("", ADDRESS, MISS)
PROGRAMS = Source("program:", Rate(6000, timedelta(minutes=10)), 1000)
"""A gateway hands over the mails of a whole house; a guess of one costs the same time."""


async def enter(database: Database, subject: str, rate: Rate) -> None:
    """Count one visit of this subject. Raises ``TooManyRequests``, which says when to come again."""
    access = throttle.counters(database)
    known = {"subject": subject, "cost": rate.share, "per": rate.per}
    if await access.row(_enter(), **known) is None:
        wait = await access.value(_wait(), **known)
        raise TooManyRequests(headers={"Retry-After": str(max(1, wait or 1))})


async def charge(database: Database, subject: str, rate: Rate, visits: int) -> None:
    """Count so many visits more. However often, nobody is shut out for longer than their share of the time."""
    cost = rate.share * visits
    await throttle.counters(database).row(_charge(), subject=subject, cost=cost, per=rate.per)


async def enter_from(database: Database, address: str, source: Source = PEOPLE) -> None:
    """Count one visit from a network address; raises ``TooManyRequests``. What is no address is not counted."""
    if (subject := throttle.of_address(address)) is not None:
        await enter(database, source.name + subject, source.rate)


async def missed_from(database: Database, address: str, source: Source = PEOPLE) -> None:
    """Somebody at this address came by a link that we never gave out, or that is over: they may be guessing."""
    if (subject := throttle.of_address(address)) is not None:
        await charge(database, source.name + subject, source.rate, source.miss)


async def forget(database: Database, *, most: int) -> int:
    """Take away the counters of which nothing is left to count; how many."""
    return len(await database.writing(EVERYWHERE).rows(_forget(), most=most))


def _now() -> ColumnElement[Any]:
    # Not the moment at which the statement began: a visit that waited for another one comes after it.
    return func.clock_timestamp(type_=Moment)


def _cost() -> ColumnElement[Any]:
    return cast(bindparam("cost", type_=Interval), Interval)


def _per() -> ColumnElement[Any]:
    return cast(bindparam("per", type_=Interval), Interval)


def _after() -> ColumnElement[Any]:
    return func.greatest(counters.c.forgotten_at, _now(), type_=Moment) + _cost()


def _first() -> Any:
    new = select(bindparam("workspace_id", type_=Uuid), bindparam("subject", type_=Text), _now() + _cost())
    return insert(counters).from_select(["workspace_id", "subject", "forgotten_at"], new)


@statement
def _enter() -> ReturningInsert[Any]:
    moved = _first().on_conflict_do_update(
        index_elements=[counters.c.workspace_id, counters.c.subject],
        set_={"forgotten_at": _after()},
        where=_after() <= _now() + _per(),
    )
    found: ReturningInsert[Any] = moved.returning(counters.c.subject)
    return found


@statement
def _charge() -> ReturningInsert[Any]:
    moved = _first().on_conflict_do_update(
        index_elements=[counters.c.workspace_id, counters.c.subject],
        set_={"forgotten_at": func.least(_after(), _now() + _per() + _cost(), type_=Moment)},
    )
    found: ReturningInsert[Any] = moved.returning(counters.c.subject)
    return found


@statement
def _wait() -> Select[Any]:
    left = extract("epoch", counters.c.forgotten_at + _cost() - _per() - _now())
    return select(cast(func.ceil(left), Integer)).where(
        counters.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        counters.c.subject == bindparam("subject", type_=Text),
    )


@statement
def _forget() -> ReturningDelete[Any]:
    at_home = counters.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    # Looked at again when it is deleted: somebody may have come in between.
    is_over = counters.c.forgotten_at < func.now()
    chosen = select(counters.c.subject).where(at_home, is_over).limit(bindparam("most", type_=Integer)).cte("chosen")
    return delete(counters).where(at_home, counters.c.subject == chosen.c.subject, is_over).returning(chosen.c.subject)
