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
    Index,
    Insert,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    all_,
    and_,
    any_,
    bindparam,
    delete,
    func,
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
    """How the things of a table are found: where their tokens stand, and what each field leaves there."""

    table: Table
    tokens: Table
    fields: Mapping[str, Leaves]

    @property
    def key(self) -> str:
        """The column of the tokens that names the thing."""
        return str(self.tokens.c[2].name)


def tokens_table(noun: str) -> Table:
    """The table of what things of this noun are found by: ``customer_tokens`` with its ``customer_id``."""
    key = f"{noun}_id"
    table = Table(
        f"{noun}_tokens",
        metadata,
        Column("workspace_id", Uuid, nullable=False),
        Column("token", Text(collation="C"), nullable=False),
        Column(key, Uuid, nullable=False),
        Column("field", Text, nullable=False),
        PrimaryKeyConstraint("workspace_id", "token", key, "field"),
    )
    Index(None, table.c.workspace_id, table.c[key], table.c.token)
    return table


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
    found = [
        (field, token)
        for field, leaves in finding.fields.items()
        if values.get(field)
        for token in leaves(values[field])
    ]
    return {
        "found_by": [field for field in finding.fields if field in values],
        "token_fields": [field for field, _ in found],
        "tokens": [token for _, token in found],
    }


def indexed(finding: Finding, changed: CTE) -> Insert:
    """The new tokens of the thing that has just changed."""
    fields, tokens = bindparam("token_fields", type_=ARRAY(Text)), bindparam("tokens", type_=ARRAY(Text))
    new = func.unnest(fields, tokens).table_valued("field", "token", name="new_token").render_derived()
    rows = select(changed.c.workspace_id, new.c.token, changed.c.id, new.c.field).select_from(changed.join(new, true()))
    names = ["workspace_id", "token", finding.key, "field"]
    return insert_or(finding.tokens).from_select(names, rows).on_conflict_do_nothing()


def indexed_anew(finding: Finding, changed: CTE) -> list[Insert | Delete]:
    """The tokens of the thing that has just changed: those of the fields' old values leave, the new ones come."""
    tokens = finding.tokens
    stale = delete(tokens).where(
        tokens.c.workspace_id == changed.c.workspace_id,
        tokens.c[finding.key] == changed.c.id,
        tokens.c.field == any_(bindparam("found_by", type_=ARRAY(Text))),
        tokens.c.token != all_(bindparam("tokens", type_=ARRAY(Text))),
    )
    return [stale, indexed(finding, changed)]


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
