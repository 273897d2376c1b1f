"""Finding things by words: the table their tokens stand in, what each field leaves there, and how ``q`` asks for it.

The tokens of a thing change in the same statement as the thing (``also`` of ``recording``), so no search lags behind.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Delete,
    FromClause,
    Insert,
    PrimaryKeyConstraint,
    Select,
    Table,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.sql.selectable import CTE

from crm.search import prefix_ranges
from crm.tables import metadata

MOST_WORDS = 5

Leaves = Callable[[Any], Iterable[str]]
"""The tokens that a field's value leaves (``crm.search``)."""


@dataclass(frozen=True, eq=False)
class Finding:
    """How the things of a table are found: where their tokens stand and are held, and what each field leaves there."""

    table: Table
    tokens: Table
    held: Table
    fields: Mapping[str, Leaves]

    @property
    def key(self) -> str:
        """The column of the tokens that names the thing."""
        return str(self.tokens.c[2].name)


def tokens_table(noun: str) -> Table:
    """The table of what things of this noun are found by: ``customer_tokens`` with its ``customer_id``."""
    key = f"{noun}_id"
    return Table(
        f"{noun}_tokens",
        metadata,
        Column("workspace_id", Uuid, nullable=False),
        Column("token", Text(collation="C"), nullable=False),
        Column(key, Uuid, nullable=False),
        Column("field", Text, nullable=False),
        PrimaryKeyConstraint("workspace_id", "token", key, "field"),
    )


def held_table(noun: str) -> Table:
    """What each thing of this noun is found by: ``customer_found_by``, a row for each of its fields.

    The other way round than ``tokens_table``: whose tokens leave with a field, and whether a thing has a word, is asked
    here. Every token stands here too; here only, one row of a field instead of an entry of an index for each token.
    """
    key = f"{noun}_id"
    return Table(
        f"{noun}_found_by",
        metadata,
        Column("workspace_id", Uuid, nullable=False),
        Column(key, Uuid, nullable=False),
        Column("field", Text, nullable=False),
        Column("tokens", Text(collation="C"), nullable=False),
        PrimaryKeyConstraint("workspace_id", key, "field"),
    )


def words(finding: Finding) -> dict[str, ColumnElement[bool]]:
    """The filters ``q0`` … of a listing: one for each word that a query may have."""
    return {f"q{word}": _matches(finding, word) for word in range(MOST_WORDS)}


def asked(given: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """Filters with ``q`` taken apart: the values, and the names of the filters in force."""
    values, present = dict(given), set(given)
    if text := values.pop("q", None):
        present.remove("q")
        for word, ranges in enumerate(prefix_ranges(text)[:MOST_WORDS]):
            present.add(f"q{word}")
            values |= {f"q{word}_from": [low for low, _ in ranges], f"q{word}_to": [high for _, high in ranges]}
    return values, frozenset(present)


def left_by(finding: Finding, values: Mapping[str, Any]) -> dict[str, Any]:
    """What the fields among these values leave, as the parameters of ``indexed`` and ``indexed_anew``."""
    left = {field: tuple(leaves(values[field])) for field, leaves in finding.fields.items() if values.get(field)}
    held = [field for field, tokens in left.items() if tokens]
    return {
        "found_by": [field for field in finding.fields if field in values],
        "token_fields": [field for field, tokens in left.items() for _ in tokens],
        "tokens": [token for tokens in left.values() for token in tokens],
        "held_fields": held,
        "held": [in_a_row(left[field]) for field in held],
    }


def in_a_row(tokens: Iterable[str]) -> str:
    """The tokens of a field as they are held for its thing: each between two line breaks."""
    return "\n" + "\n".join(tokens) + "\n"


def parted(held: ColumnElement[Any]) -> ColumnElement[Any]:
    """What is held of a field, as an array of tokens."""
    return func.string_to_array(func.btrim(held, "\n"), "\n", type_=ARRAY(Text))


def indexed(finding: Finding, changed: CTE) -> list[Insert | Delete]:
    """The tokens of the thing that has just been made."""
    new, held = _new_tokens(), _new_held()
    rows = select(changed.c.workspace_id, new.c.token, changed.c.id, new.c.field).select_from(changed.join(new, true()))
    whole = select(changed.c.workspace_id, changed.c.id, held.c.field, held.c.tokens)
    whole = whole.select_from(changed.join(held, true()))
    return [
        insert_or(finding.tokens).from_select(_token(finding), rows).on_conflict_do_nothing(),
        insert_or(finding.held).from_select(_held(finding), whole).on_conflict_do_nothing(),
    ]


def indexed_anew(finding: Finding, changed: CTE) -> list[Insert | Delete]:
    """The tokens of the thing that has just changed: those of the fields' old values leave, the new ones come."""
    fields = func.unnest(bindparam("found_by", type_=ARRAY(Text))).table_valued("field", name="covered")
    fields = fields.render_derived()
    new, held = _new_tokens(), _new_held()
    covered = select(changed.c.id, fields.c.field, held.c.tokens)
    covered = covered.select_from(changed.join(fields, true()).outerjoin(held, held.c.field == fields.c.field))
    tokens = select(changed.c.id, new.c.field, new.c.token).select_from(changed.join(new, true()))
    return found_anew(finding, covered.subquery("covered"), tokens.subquery("new"))


def found_anew(finding: Finding, covered: FromClause, new: FromClause) -> list[Insert | Delete]:
    """The tokens of many fields of many things are the given ones, and no other.

    ``covered`` are the fields with their tokens as they are held (``id, field, tokens``), ``new`` the same token by
    token (``id, field, token``).
    """
    gone = delete(finding.tokens).where(*at(finding, stale_tokens(finding, covered, new).subquery("stale")))
    rows = select(_home(), new.c.token, new.c.id, new.c.field)
    come = insert_or(finding.tokens).from_select(_token(finding), rows).on_conflict_do_nothing()
    return [gone, come, *held_anew(finding, covered)]


def stale_tokens(finding: Finding, covered: FromClause, new: FromClause) -> Select[Any]:
    """Which tokens of the covered fields are none any more: ``token, id, field``."""
    held = finding.held
    # Field by field, so by the index: Postgres does not know how many are covered, and would read all that are held.
    each = (
        select(held.c.field, held.c.tokens)
        .where(held.c.workspace_id == _home(), held.c[finding.key] == covered.c.id, held.c.field == covered.c.field)
        .correlate(covered)
        .offset(0)
        .lateral("each_held")
    )
    token = func.unnest(parted(each.c.tokens)).table_valued("token", name="old_token").render_derived().lateral()
    old = select(token.c.token, covered.c.id, each.c.field).select_from(covered.join(each, true()).join(token, true()))
    return old.except_(select(new.c.token, new.c.id, new.c.field))  # type: ignore[return-value]  # a compound select


def held_anew(finding: Finding, covered: FromClause) -> list[Insert | Delete]:
    """What is held of these fields; no row of those that leave nothing.

    Whoever changed the same thing since this statement began has written tokens that it does not see, so that they
    stay: then what they hold stays too. What is held may be too much for a moment, never too little.
    """
    held, seen = finding.held, finding.held.alias("seen")
    rows = select(_home(), covered.c.id, covered.c.field, covered.c.tokens).where(covered.c.tokens != "")
    new = insert_or(held).from_select(_held(finding), rows)
    # Named as text, since it is no table to be read a second time.
    target = {name: literal_column(f"{held.name}.{name}", Text) for name in _held(finding)}
    key = (seen.c[name] == target[name] for name in ("workspace_id", finding.key, "field"))
    as_seen = select(seen.c.tokens).where(*key).scalar_subquery()
    tokens = case((target["tokens"] == as_seen, new.excluded.tokens), else_=target["tokens"] + new.excluded.tokens)
    come = new.on_conflict_do_update(index_elements=["workspace_id", finding.key, "field"], set_={"tokens": tokens})
    theirs = (
        select(seen.c.tokens)
        .where(seen.c.workspace_id == _home(), seen.c[finding.key] == covered.c.id, seen.c.field == covered.c.field)
        .correlate(covered)
        .offset(0)
        .lateral("each_seen")
    )
    empty = select(covered.c.id, covered.c.field, theirs.c.tokens).select_from(covered.join(theirs, true()))
    none = empty.where(func.coalesce(covered.c.tokens, "") == "").subquery("empty")
    same = held.c[finding.key] == none.c.id, held.c.field == none.c.field, held.c.tokens == none.c.tokens
    return [come, delete(held).where(held.c.workspace_id == _home(), *same)]


def at(finding: Finding, stale: FromClause) -> tuple[ColumnElement[bool], ...]:
    """The condition that a row is one of these tokens (``token, id, field``), by the whole key of the index."""
    t = finding.tokens.c
    same = t.token == stale.c.token, t[finding.key] == stale.c.id, t.field == stale.c.field
    return t.workspace_id == _home(), *same


def _token(finding: Finding) -> list[str]:
    return ["workspace_id", "token", finding.key, "field"]


def _held(finding: Finding) -> list[str]:
    return ["workspace_id", finding.key, "field", "tokens"]


def _home() -> ColumnElement[Any]:
    return bindparam("workspace_id", type_=Uuid)


def _new_tokens() -> Any:
    fields, tokens = bindparam("token_fields", type_=ARRAY(Text)), bindparam("tokens", type_=ARRAY(Text))
    return func.unnest(fields, tokens).table_valued("field", "token", name="new_token").render_derived()


def _new_held() -> Any:
    fields, held = bindparam("held_fields", type_=ARRAY(Text)), bindparam("held", type_=ARRAY(Text))
    return func.unnest(fields, held).table_valued("field", "tokens", name="new_held").render_derived()


def _matches(finding: Finding, word: int) -> ColumnElement[bool]:
    """The n-th word of a query matches: one of its ranges holds a token of the thing."""
    ranges = (
        func.unnest(bindparam(f"q{word}_from", type_=ARRAY(Text)), bindparam(f"q{word}_to", type_=ARRAY(Text)))
        .table_valued("low", "high", name=f"range{word}")
        .render_derived()
    )
    token = finding.tokens.alias(f"token{word}")
    held = and_(token.c.token >= ranges.c.low, token.c.token < ranges.c.high)
    ids = (
        select(token.c[finding.key])
        .select_from(ranges.join(token, held))
        .where(token.c.workspace_id == bindparam("workspace_id"))
    )
    # An array is gathered once, by the range; a semi-join is planned as if every token range held half of the table.
    return finding.table.c.id == any_(func.array(ids.scalar_subquery(), type_=ARRAY(Uuid)))
