"""How a fact looks to the outside, and the journal: every fact of a workspace in an order that misses none.

Facts are numbered by their transactions, and a transaction may commit after one with a higher number. So the journal
ends at its horizon, the oldest transaction still running: whatever is below it is settled and will not grow, and a
cursor below it can never pass a late commit. The price is lag: one long transaction that has written, anywhere on the
server, holds the journal back until it ends, at most the roles' ``transaction_timeout``.
"""

import base64
import binascii
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
    tuple_,
)

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.events.schemas import JournalFilter
from crm.facts import events
from crm.nouns import Answer, Noun, as_json
from crm.reading import among
from crm.tables import utc

MARGIN_MS = 60 * 60 * 1000
"""How much older than a cursor's id the id of a later fact may be: the longest transaction, 60 s, and clocks."""

_LONGEST_NUMBER = 2**63 - 1


class Place(NamedTuple):
    """A place in the journal: everything up to this fact, or to this moment where no fact is, has been read."""

    transaction_id: int
    id: UUID


BEGINNING = Place(0, UUID(int=0))


def envelope(fact: FromClause) -> Select[Any]:
    """A fact, once: in the journal, in a webhook, in the feed."""
    f = fact.c
    return select(
        f.id,
        f.type,
        utc(f.occurred_at).label("occurred_at"),
        f.workspace_id,
        func.json_build_object("kind", f.actor_kind, "id", f.actor_id).label("actor"),
        func.json_build_object("type", f.subject_type, "id", f.subject_id).label("subject"),
        f.sequence,
        f.customer_id,
        f.payload.label("data"),
        f.changes,
    )


def _everything(_sight: Sight) -> ColumnElement[bool]:
    return true()


EVENT = Noun("event", events, envelope, _everything)
"""Whoever may read events reads all of the workspace's: the roles that may are those that see everything."""

FILTERS = among(events, ["type", "subject_id", "customer_id"])


async def get(access: Access, event_id: UUID) -> Answer:
    """One fact. Raises ``NotFound``."""
    row = await access.row(_one(), id=event_id)
    if row is None:
        raise NotFound
    return Answer(*row)


async def journal(access: Access, wanted: JournalFilter) -> bytes:
    """The facts after a place, oldest first, and the place to go on from.

    At the end that place is the horizon, so that the next call need not pass again over facts that were filtered out.
    """
    given = {name: value for name in FILTERS if (value := getattr(wanted, name)) is not None}
    after = BEGINNING if wanted.cursor is None else read_cursor(wanted.cursor)
    rows = await access.rows(
        _after(frozenset(given)),
        after_transaction=after.transaction_id,
        after_id=after.id,
        oldest_id=oldest_after(after),
        limit=wanted.limit + 1,
        **given,
    )
    more = len(rows) > wanted.limit
    shown = [row for row in rows[: wanted.limit] if row["body"] is not None]
    # A replica may lag behind the server that gave the cursor: never go back.
    end = Place(rows[0]["horizon"] - 1, rows[0]["now_id"])
    reached = Place(shown[-1]["transaction_id"], shown[-1]["row_id"]) if more else max(after, end)
    data = ",".join([row["body"] for row in shown])
    return b'{"data":[%b],"next_cursor":"%b","has_more":%b}' % (
        data.encode(),
        write_cursor(reached),
        b"true" if more else b"false",
    )


def horizon() -> ColumnElement[int]:
    """The number of the oldest transaction still running: what is below it is settled."""
    return cast(cast(func.pg_snapshot_xmin(func.pg_current_snapshot()), Text), BigInteger)


def oldest_after(place: Place) -> UUID:
    """The least id that a fact after this place can have; partitions below it need not be looked at.

    Transactions are numbered in the order of their first write, and a fact is written after its transaction got its
    number; the place's own fact was written while its transaction was running, which it may be for a minute at most.
    """
    return UUID(int=max((place.id.int >> 80) - MARGIN_MS, 0) << 80)


def write_cursor(place: Place) -> bytes:
    """A place as callers carry it."""
    mark = place.transaction_id.to_bytes(8, "big") + place.id.bytes
    return base64.urlsafe_b64encode(mark)


def read_cursor(text: str) -> Place:
    """The place a cursor stands for. Raises 422 for one that we did not give out."""
    try:
        mark = base64.b64decode(text, altchars=b"-_", validate=True)
        number = int.from_bytes(mark[:8], "big")
        if number > _LONGEST_NUMBER:
            raise ValueError(number)
        return Place(number, UUID(bytes=mark[8:]))
    except (ValueError, binascii.Error) as error:
        raise invalid("query:cursor", "This is not a cursor we gave out.", "cursor_invalid") from error


@statement
def _one() -> Select[Any]:
    at_home = events.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    rows = select(events).where(at_home, events.c.id == bindparam("id", type_=Uuid)).subquery("fact")
    found = as_json(EVENT, rows, row_id=rows.c.id).subquery("found")
    return select(found.c.row_id, literal(1, Integer), cast(found.c.item, Text))


@statement
def _after(present: frozenset[str]) -> Select[Any]:
    """The facts after a place; one row with the horizon alone where there is none."""
    here = tuple_(events.c.transaction_id, events.c.id)
    there = tuple_(bindparam("after_transaction", type_=BigInteger), bindparam("after_id", type_=Uuid))
    cut = (
        select(events)
        .where(
            events.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            here > there,
            events.c.transaction_id < horizon(),
            events.c.id >= bindparam("oldest_id", type_=Uuid),
            *(FILTERS[name] for name in sorted(present)),
        )
        .order_by(events.c.transaction_id, events.c.id)
        .limit(bindparam("limit", type_=Integer))
        .subquery("fact")
    )
    found = as_json(EVENT, cut, transaction_id=cut.c.transaction_id, row_id=cut.c.id).subquery("found")
    # Worked out while the statement runs, so after its snapshot was taken: no settled fact has a later id.
    end = select(horizon().label("horizon"), func.uuidv7().label("now_id")).subquery("end")
    return (
        select(
            cast(found.c.item, Text).label("body"),
            found.c.transaction_id,
            found.c.row_id,
            end.c.horizon,
            end.c.now_id,
        )
        .select_from(end.outerjoin(found, true()))
        .order_by(found.c.transaction_id, found.c.row_id)
    )
