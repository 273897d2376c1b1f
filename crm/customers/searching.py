"""Search, best first: among the candidates that the words give, with one letter wrong where there are none."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Text,
    Uuid,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.customers.candidates import called, chosen, gather, has
from crm.customers.likeness import name_key
from crm.database import Access
from crm.errors import Unprocessable
from crm.finding import MOST_WORDS, Finding
from crm.paging import Filter
from crm.reading import Listing
from crm.search import Range, misspelt_ranges, normalized, one_token, prefix_ranges

BANDS = ("hot", "warm", "cooling", "cold", "never")
ROUGHLY = "roughly"

_SECONDS = 10**10


def relevance(customer: FromClause) -> ColumnElement[int]:
    """Where a customer stands among those found, the best lowest: exact, prefix, rest; then warmth, then recency."""
    c = customer.c
    words = bindparam("q_text", type_=Text)
    tier = case(
        (c.id == any_(bindparam("q_exact", type_=ARRAY(Uuid))), 0), (func.starts_with(c.name_key, words), 1), else_=2
    )
    band = case(*((c.warmth_band == band, place) for place, band in enumerate(BANDS)), else_=len(BANDS))
    seconds = cast(extract("epoch", func.coalesce(c.last_contact_at, c.created_at)), BigInteger)
    key: ColumnElement[int] = cast(tier * 8 + band, BigInteger) * _SECONDS + (_SECONDS - seconds)
    return key


def filters(finding: Finding) -> dict[str, ColumnElement[bool]]:
    """The filters of a search: the candidates, and for each word that it is really there (``q0`` …)."""
    among: ColumnElement[bool] = finding.table.c.id == any_(bindparam("among", type_=ARRAY(Uuid)))
    return {"among": among, ROUGHLY: true(), **{f"q{word}": _holds(finding, word) for word in range(MOST_WORDS)}}


async def page(
    access: Access,
    listing: Listing,
    wanted: Filter,
    given: Mapping[str, Any],
    custom: Mapping[str, Any],
    custom_filters: frozenset[str],
) -> bytes:
    """A page of what is found, best first; where nothing is, of what is found with one letter wrong.

    ``custom`` are the values of the filters by fields of the workspace's own, ``custom_filters`` those in force.
    """
    present = {*given, *custom_filters} - {"q"}
    text, given = given["q"], {**given, **custom}
    exactly = prefix_ranges(text)[:MOST_WORDS]
    if not exactly:  # Neither letter nor digit: it asks for nothing in particular, and nothing is found by it.
        return nothing(wanted)
    try:
        found = await _page(access, listing, wanted, given, present, text, exactly)
    except Unprocessable:
        # The cursor may be of the page before, which was found with one letter wrong.
        nearly = await _nearly(access, text)
        if nearly is None:
            raise
        return await _page(access, listing, wanted, given, {*present, ROUGHLY}, text, nearly)
    if wanted.cursor is None and not orjson.loads(found)["data"]:
        nearly = await _nearly(access, text)
        if nearly is not None:
            found = await _page(access, listing, wanted, given, {*present, ROUGHLY}, text, nearly)
    return found


async def _nearly(access: Access, text: str) -> list[list[Range]] | None:
    """The ranges of what may have been meant, with one letter wrong; None where there is no word for that.

    Of the hundreds of words that each may stand for, those that somebody here is called by: one look by the index.
    """
    ranges = misspelt_ranges(text)
    if ranges is None:
        return None
    ranges = ranges[:MOST_WORDS]
    tried = [low for asked in ranges for low, high in asked if _is_whole(low, high)]
    there = {row["token"] for row in await access.rows(called(), tried=tried)}
    return [[(low, high) for low, high in asked if low in there or not _is_whole(low, high)] for asked in ranges]


def _is_whole(low: str, high: str) -> bool:
    return (low, high) == one_token(low)


def _within(ranges: Sequence[Range]) -> list[str]:
    """How these ranges are looked for in what is held of a field: a token's beginning, or the whole of it."""
    return [f"\n{low}\n" if _is_whole(low, high) else f"\n{low}" for low, high in ranges]


async def _page(
    access: Access,
    listing: Listing,
    wanted: Filter,
    given: Mapping[str, Any],
    present: set[str],
    text: str,
    ranges: list[list[Range]],
) -> bytes:
    values: dict[str, Any] = {}
    for word, alternatives in enumerate(ranges):
        values[f"q{word}_from"] = [low for low, _ in alternatives]
        values[f"q{word}_to"] = [high for _, high in alternatives]
        values[f"q{word}_within"] = _within(alternatives)
    first = ranges[0][0][0] if len(ranges) == 1 else ""
    found = gather(len(ranges), access.actor.sight)
    (record,) = await access.rows(found, **values, exact=[*name_key(text), first])
    row = dict(record)
    among = chosen(row, values, len(ranges))
    if not among and wanted.cursor is None:
        return nothing(wanted)
    in_force = frozenset({*present, "among", *(f"q{word}" for word in range(len(ranges)))})
    known = {**given, **values, "among": among, "q_exact": row["exact"], "q_text": normalized(text)}
    return await reading.page(access, listing, wanted, known, in_force)


def nothing(wanted: Filter) -> bytes:
    """The page of a search that finds nothing."""
    return b'{"data":[],"next_cursor":null%b}' % (b',"total":0' if wanted.include_total else b"")


def _holds(finding: Finding, word: int) -> ColumnElement[bool]:
    """The thing has a token in one of the word's ranges; a word without ranges is known to be there."""
    known = func.cardinality(bindparam(f"q{word}_within", type_=ARRAY(Text))) == 0
    return or_(known, has(finding.table.c.id, word, "held"))
