"""Two customers become one, and two again.

Nothing merges by itself. The winner keeps what it says and takes from the loser what it does not; everything recorded
under the loser is the winner's from then on (``references``). The loser stays readable by its id, with
``merged_into_id``, and cannot be changed. What was moved and what was replaced is kept, so that it can be undone.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import (
    Insert,
    Select,
    Update,
    Uuid,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.actor import ActorKind, Role, Sight
from crm.customers import events, parents
from crm.customers.actions import TAKEN
from crm.customers.closing import close, reopen
from crm.customers.errors import (
    CustomerArchived,
    CustomerErased,
    CustomerMerged,
    MergingNeedsManager,
    NotMerged,
    StillLinked,
)
from crm.customers.lending import lend_tokens, return_tokens
from crm.customers.models import (
    LINKS_KEEP_THEIR_KINDS,
    customer_merges,
    customers,
)
from crm.customers.queries import CUSTOMER, FINDING
from crm.customers.references import LOSER, WINNER, give_back, move, moved_ids
from crm.customers.schemas import CustomerMerge
from crm.customers.uniting import OF_CONTACT, Row, choosable, merged, parted
from crm.database import Access, Transaction, statement
from crm.errors import NotFound, Stale, Unavailable, invalid
from crm.finding import indexed_anew, left_by
from crm.nouns import Answer
from crm.recording import record, recorded
from crm.tables import at_home

REFUSALS = {**TAKEN, LINKS_KEEP_THEIR_KINDS: StillLinked}


async def merge(tx: Transaction, wanted: CustomerMerge) -> Answer:
    """Make two customers one; gives the winner.

    Raises 422 for a customer who is not there for the actor, ``MergingNeedsManager``, ``CustomerArchived``,
    ``CustomerMerged``, ``StillLinked`` for a company and a person who are linked to others.
    """
    if wanted.winner_id == wanted.loser_id:
        raise invalid("loser_id", "A customer cannot be merged into itself.", "same")
    for field in wanted.choose:
        if field not in choosable():
            raise invalid(f"choose/{field}", "There is nothing to choose here.", "unknown")
    both = await _both(tx, [wanted.winner_id, wanted.loser_id])
    for name, who in (("winner_id", wanted.winner_id), ("loser_id", wanted.loser_id)):
        if who not in both:
            raise invalid(name, "There is no such customer.", "not_found")
    _may(tx)
    winner, loser = both[wanted.winner_id], both[wanted.loser_id]
    for row in (winner, loser):
        if row["merged_into_id"] is not None:
            raise CustomerMerged(merged_into_id=row["merged_into_id"])
        if row["archived_at"] is not None:
            raise CustomerArchived

    pair = {"winner_id": wanted.winner_id, "loser_id": wanted.loser_id}
    after = merged(winner, loser, wanted.choose)
    if await tx.value(_is_above(), **pair):
        after["parent_id"] = None if loser["parent_id"] == winner["id"] else loser["parent_id"]
    after = {name: value for name, value in after.items() if value != winner[name]}
    # Also where the merge changes nothing: contacts since then are the loser's or the winner's when it is undone.
    after = {name: winner[name] for name in OF_CONTACT} | after
    before = {name: winner[name] for name in after}
    await parents.judge_later(tx)
    closed = await close(tx, **pair)
    moved = await _moved(tx, **pair) | closed
    await tx.row(lend_tokens(), **pair)
    await tx.row(_keep(), **pair, moved=moved, winner_before=before, winner_after=after)
    # The loser goes first: it may have the registration code that the winner takes.
    await record(tx, events.MERGED, _give_up(), winner_id=wanted.winner_id, loser_id=wanted.loser_id)
    became = await _become(tx, events.MERGED, wanted.winner_id, after)
    await parents.judge_now(tx)
    return became


async def unmerge(tx: Transaction, loser_id: UUID) -> Answer:
    """Make two of one again; gives the loser, as it was.

    What was recorded since the merge stays with the winner, and so does every field that was changed there since.
    Raises ``NotFound``, ``Stale``, ``MergingNeedsManager``, ``NotMerged``; ``CustomerMerged`` while the winner is
    itself merged, ``RegistrationCodeTaken`` where another has the loser's code by now, ``CustomerErased`` where one of
    the two was.
    """
    loser = (await _both(tx, [loser_id])).get(loser_id)
    if loser is None:
        raise NotFound
    if tx.if_match not in (None, loser["version"]):
        raise Stale(current_version=loser["version"], headers={"ETag": f'"{loser["version"]}"'})
    _may(tx)
    if loser["merged_into_id"] is None:
        raise NotMerged
    winner_id = UUID(loser["merged_into_id"])
    winner = (await _both(tx, [winner_id])).get(winner_id)
    kept = await tx.row(_undo(), loser_id=loser_id)
    if winner is None or kept is None:
        raise NotFound
    if winner["merged_into_id"] is not None:
        raise CustomerMerged(merged_into_id=winner["merged_into_id"])
    if loser["erased_at"] is not None or winner["erased_at"] is not None:
        raise CustomerErased
    pair: dict[str, Any] = {"winner_id": winner_id, "loser_id": loser_id}
    await parents.judge_later(tx)
    await tx.row(give_back(), **pair, **moved_ids(kept["moved"]))
    await reopen(tx, kept["moved"])
    await tx.row(return_tokens(), **pair)
    await _become(tx, events.UNMERGED, winner_id, parted(winner, kept["winner_before"], kept["winner_after"]))
    back = await record(tx, events.UNMERGED, _come_back(), refusals=TAKEN, **pair)
    if back is None:
        raise Unavailable
    await parents.judge_now(tx)
    return back


async def _moved(tx: Transaction, **pair: UUID) -> dict[str, list[str]]:
    try:
        found: dict[str, list[str]] = await tx.value(move(), **pair)
    except asyncpg.IntegrityConstraintViolationError as error:
        if known := REFUSALS.get(error.constraint_name or ""):
            raise known from error
        raise
    return found


def _may(access: Access) -> None:
    if access.actor.kind is ActorKind.USER and access.actor.role not in (Role.ADMIN, Role.MANAGER):
        raise MergingNeedsManager


async def _both(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, Row]:
    """The rows of those whom the actor sees, as JSON, locked until the end of the transaction."""
    rows = await tx.rows(_rows(tx.actor.sight), ids=list(ids))
    return {UUID(str(row["id"])): row["item"] for row in rows}


async def _become(tx: Transaction, event_type: str, winner_id: UUID, values: Row) -> Answer:
    """The winner with these values, found by them, and its fact."""
    became = await record(
        tx,
        event_type,
        _say(frozenset(values)),
        refusals=REFUSALS,
        winner_id=winner_id,
        said=values,
        **left_by(FINDING, values),
    )
    if became is None:
        raise Unavailable
    return became


@statement
def _rows(sight: Sight) -> Select[Any]:
    item = func.to_jsonb(literal_column("customers"), type_=JSONB).label("item")
    mine = customers.c.id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
    found = select(customers.c.id, item).where(at_home(customers), mine, CUSTOMER.visible(sight))
    return found.order_by(customers.c.id).with_for_update()


@statement
def _is_above() -> Select[Any]:
    """Whether the loser is among the groups that the winner belongs to."""
    above = (
        select(customers.c.parent_id.label("id"))
        .where(at_home(customers), customers.c.id == WINNER)
        .cte("above", recursive=True)
    )
    up = select(customers.c.parent_id).where(at_home(customers), customers.c.id == above.c.id)
    above = above.union(up)
    return select(func.count() > 0).select_from(above).where(above.c.id == LOSER)


@statement
def _keep() -> Insert:
    values = {"winner_id": WINNER, "loser_id": LOSER, "workspace_id": bindparam("workspace_id", type_=Uuid)}
    said = {name: bindparam(name, type_=JSONB) for name in ("moved", "winner_before", "winner_after")}
    return insert(customer_merges).values(values | said)


@statement
def _undo() -> Update:
    c = customer_merges.c
    open_ = (c.workspace_id == bindparam("workspace_id", type_=Uuid), c.loser_id == LOSER, c.undone_at.is_(None))
    undone = (
        update(customer_merges).where(*open_).values(undone_at=func.now(), updated_at=func.now(), version=c.version + 1)
    )
    return undone.returning(c.moved, c.winner_before, c.winner_after)


@statement
def _give_up() -> Insert:
    change = update(customers).where(at_home(customers), customers.c.id == LOSER)
    return recorded(CUSTOMER, change.values(archived_at=func.now(), merged_into_id=WINNER))


@statement
def _come_back() -> Insert:
    change = update(customers).where(at_home(customers), customers.c.id == LOSER, customers.c.merged_into_id == WINNER)
    return recorded(CUSTOMER, change.values(archived_at=None, merged_into_id=None))


@statement
def _say(columns: frozenset[str]) -> Insert:
    """The winner with these columns as the parameter ``said`` has them, typed by Postgres."""
    names = sorted(columns)
    record_ = func.jsonb_populate_record(literal_column("NULL::customers"), bindparam("said", type_=JSONB))
    said = record_.table_valued(*(customers.c[name]._copy() for name in names), name="said")
    change = update(customers).where(at_home(customers), customers.c.id == WINNER)
    change = change.values({name: said.c[name] for name in names})
    also = (lambda changed: indexed_anew(FINDING, changed)) if columns & FINDING.fields.keys() else None
    return recorded(CUSTOMER, change, also=also)
