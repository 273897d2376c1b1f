"""Search made anew: every customer and contact is found by what its fields leave today, not by what they once left.

For what was there before a field was searched, or before its tokens were made as they are now. A batch is a transaction
of its own and may be repeated; what is right already is not touched. Nobody's change is overtaken: the rows of a batch
stay as they were read until their tokens are written.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import (
    Integer,
    Select,
    Text,
    Uuid,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.contacts.queries import FINDING as CONTACTS
from crm.customers.models import customers
from crm.customers.queries import FINDING as CUSTOMERS
from crm.database import Transaction, statement
from crm.finding import Finding, at, held_anew, left_by, parted, stale_tokens
from crm.tables import at_home

Found = Literal["customers", "contacts"]

FINDINGS: Mapping[Found, Finding] = {"customers": CUSTOMERS, "contacts": CONTACTS}
"""What is found by words, in the order in which it is made anew."""


class Batch(NamedTuple):
    """What a batch came to: where the next begins, how many rows it had, how many tokens came and went."""

    after: UUID
    rows: int
    added: int
    removed: int


async def reindex(tx: Transaction, noun: Found, after: UUID, *, most: int) -> Batch | None:
    """Make the next rows of the actor's workspace found anew, in the order of their ids; None when there are none."""
    finding = FINDINGS[noun]
    rows = await tx.rows(_rows(noun), after=after, most=most)
    if not rows:
        return None
    merged = [row["id"] for row in rows if noun == "customers" and row["merged_into_id"] is not None]
    holders = await _held(tx, merged) if merged else {}
    given: dict[str, list[Any]] = {"covered_ids": [], "covered_fields": [], "held": []}
    for row in rows:
        holder = holders.get(row["id"], {"holder": row["id"], "mark": ""})
        _add(given, finding, row, holder)
    changed = await tx.row(_write(noun), **given)
    added, removed = (0, 0) if changed is None else changed
    return Batch(rows[-1]["id"], len(rows), added, removed)


async def _held(tx: Transaction, ids: list[UUID]) -> dict[UUID, Any]:
    """Whoever holds the tokens of those who were merged away, locked: a merge that came between is gone after."""
    known: dict[UUID, Any] = {}
    while True:
        found = {row["id"]: row for row in await tx.rows(_holders(), ids=ids)}
        if found == known:
            return found
        known = found
        await tx.rows(_lock(), ids=[row["holder"] for row in found.values()])


def _add(given: dict[str, list[Any]], finding: Finding, row: Any, holder: Any) -> None:
    """What this row leaves, at whoever holds its tokens: the winner of a merge keeps the loser's under a mark."""
    values = {field: row[field] for field in finding.fields if row["erased_at"] is None}
    left = left_by(finding, values)
    held = dict(zip(left["held_fields"], left["held"], strict=True))
    given["covered_ids"] += [holder["holder"]] * len(finding.fields)
    given["covered_fields"] += [holder["mark"] + field for field in finding.fields]
    given["held"] += [held.get(field, "") for field in finding.fields]


@statement
def _rows(noun: Found) -> Select[Any]:
    finding = FINDINGS[noun]
    table = finding.table
    names = ["id", "erased_at", *finding.fields, *(["merged_into_id"] if noun == "customers" else [])]
    return (
        select(*(table.c[name] for name in names))
        .where(at_home(table), table.c.id > bindparam("after", type_=Uuid))
        .order_by(table.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(read=True)
    )


@statement
def _lock() -> Select[Any]:
    these = customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    return select(customers.c.id).where(at_home(customers), these).order_by(customers.c.id).with_for_update(read=True)


@statement
def _holders() -> Select[Any]:
    """Who holds the tokens of those who were merged away, and behind which mark: ``<loser>/``, for each merge on."""
    c = customers.c
    these = c.id == any_(bindparam("ids", type_=ARRAY(Uuid)))
    start = select(c.id, c.id.label("holder"), literal("", Text).label("mark"), c.merged_into_id.label("next"))
    path = start.where(at_home(customers), these).cte("path", recursive=True)
    into = customers.alias("into")
    mark = cast(path.c.holder, Text) + "/" + path.c.mark
    on = select(path.c.id, into.c.id, mark, into.c.merged_into_id).where(
        into.c.workspace_id == bindparam("workspace_id", type_=Uuid), into.c.id == path.c.next
    )
    path = path.union_all(on)
    return select(path.c.id, path.c.holder, path.c.mark).where(path.c.next.is_(None))


@statement
def _write(noun: Found) -> Select[Any]:
    """The tokens of these fields of these rows are those that are given, and no other."""
    finding = FINDINGS[noun]
    columns = {"covered_ids": ("id", Uuid), "covered_fields": ("field", Text), "held": ("tokens", Text)}
    arrays: list[Any] = [bindparam(name, type_=ARRAY(type_)) for name, (_, type_) in columns.items()]
    given = func.unnest(*arrays).table_valued(*(column for column, _ in columns.values()), name="given")
    given = given.render_derived()
    token = func.unnest(parted(given.c.tokens)).table_valued("token", name="line").render_derived().lateral()
    new = select(given.c.id, given.c.field, token.c.token).select_from(given.join(token, true())).subquery("new")
    stale = stale_tokens(finding, given, new).cte("stale")
    gone = delete(finding.tokens).where(*at(finding, stale)).returning(finding.tokens.c.token).cte("gone")
    wanted = select(bindparam("workspace_id", type_=Uuid), new.c.token, new.c.id, new.c.field)
    made = (
        insert(finding.tokens)
        .from_select(["workspace_id", "token", finding.key, "field"], wanted)
        .on_conflict_do_nothing()
        .returning(finding.tokens.c.token)
        .cte("made")
    )
    counts = select(*(select(func.count()).select_from(each).scalar_subquery() for each in (made, gone)))
    return counts.add_cte(*(each.cte(f"held_{place}") for place, each in enumerate(held_anew(finding, given))))
