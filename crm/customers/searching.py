"""Search, best first, with bounded work: gather candidates by the words, then rank only those.

A word of two characters matches a fifth of half a million customers. To rank all of them takes a second; so each word
gives its first ``MOST`` tokens in the order of the index, where what equals the word comes before what is longer. Words
that are rarer than that are known completely: then the answer is exact. Where all are common, the candidates are the
first few in that order and, of the customers one was in touch with last and of one's own, those that have the words;
beyond that some matches may be missing.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    extract,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.customers.likeness import name_key
from crm.customers.models import customer_found_by, customer_tokens, customers, last_contact_key
from crm.database import Access, statement
from crm.errors import Unprocessable
from crm.finding import MOST_WORDS, Finding
from crm.paging import Filter
from crm.reading import Listing
from crm.search import Range, misspelt_ranges, normalized, one_token, prefix_ranges

MOST = 600
"""Of a word with no more matches, all are ranked."""
MOST_COMMON = 200
"""So many of the first matches of a common word are ranked."""
MOST_EXACT = 50
MOST_RECENT = 400
MOST_OWN = 1000
"""So many of those whom one was in touch with last, and of one's own newest, are asked whether they have the words."""

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
    there = {row["token"] for row in await access.rows(_there(), tried=tried)}
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
    found = _candidates(len(ranges), access.actor.sight)
    (record,) = await access.rows(found, **values, exact=[*name_key(text), first])
    row = dict(record)
    among = _among(row, values, len(ranges))
    if not among and wanted.cursor is None:
        return nothing(wanted)
    in_force = frozenset({*present, "among", *(f"q{word}" for word in range(len(ranges)))})
    known = {**given, **values, "among": among, "q_exact": row["exact"], "q_text": normalized(text)}
    return await reading.page(access, listing, wanted, known, in_force)


def nothing(wanted: Filter) -> bytes:
    """The page of a search that finds nothing."""
    return b'{"data":[],"next_cursor":null%b}' % (b',"total":0' if wanted.include_total else b"")


def _among(row: Mapping[str, Any], values: dict[str, Any], many: int) -> list[Any]:
    """The candidates: what the rarest words have in common. Words they are known to have need not be asked for again.

    Where every word is common, Postgres has asked already.
    """
    complete: set[Any] | None = None
    for word in range(many):
        ids = row[f"ids{word}"]
        if len(ids) <= MOST:
            complete = set(ids) if complete is None else complete & set(ids)
            values[f"q{word}_within"] = []
    if complete is not None:
        return list(complete)
    for word in range(many):
        values[f"q{word}_within"] = []
    of_words = row["ids0"][:MOST_COMMON] if many == 1 else row.get("of_words", ())
    return list({*of_words, *row["near"], *row["exact"]})


@statement
def _candidates(many: int, sight: Sight) -> Select[Any]:
    """The first so many that each word matches; those that match exactly; and where every word has more matches than
    can be ranked, those that have all words among the first of each word and among those near to the actor.
    """
    words_ = [select(_array(_matching(word)).label("ids")).cte(f"word{word}") for word in range(many)]
    all_common = and_(*(func.cardinality(select(word.c.ids).scalar_subquery()) > MOST for word in words_))
    token = customer_tokens.alias("exact_token")
    exact = select(token.c.customer_id.label("id")).where(
        token.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        token.c.token == any_(bindparam("exact", type_=ARRAY(Text))),
    )
    exactly, near = exact.limit(MOST_EXACT).subquery("exactly"), _near(sight).subquery("near")
    asked = range(many)
    columns: list[ColumnElement[Any]] = [
        *(select(word.c.ids).scalar_subquery().label(f"ids{at}") for at, word in enumerate(words_)),
        _array(select(exactly.c.id).where(*(_has(exactly.c.id, at, "exact") for at in asked))).label("exact"),
        _array(select(near.c.id).where(all_common, *(_has(near.c.id, at, "near") for at in asked))).label("near"),
    ]
    if many > 1 and sight is not Sight.OWN:  # Of a few that are found among half a million, hardly any is one's own.
        firsts = [
            select(func.unnest(select(word.c.ids).scalar_subquery()).label("id"), literal(at).label("word"))
            .limit(MOST // many)
            .subquery(f"first_of_{at}")
            .select()
            for at, word in enumerate(words_)
        ]
        first = union_all(*firsts).subquery("first")
        others = (or_(first.c.word == at, _has(first.c.id, at, "first")) for at in asked)
        columns.append(_array(select(first.c.id).where(all_common, *others).limit(MOST)).label("of_words"))
    return select(*columns)


def _matching(word: int) -> Select[Any]:
    ranges = _ranges(word)
    token = customer_tokens.alias(f"token{word}")
    first = (
        select(token.c.customer_id)
        .where(
            token.c.workspace_id == bindparam("workspace_id", type_=Uuid),
            token.c.token >= ranges.c.low,
            token.c.token < ranges.c.high,
        )
        .order_by(token.c.token)
        .limit(MOST + 1)
        .lateral(f"first{word}")
    )
    return select(first.c.customer_id).select_from(ranges.join(first, true())).limit(MOST + 1)


def _near(sight: Sight) -> Select[Any]:
    """Whom one was in touch with last; for those who see a part only, what is theirs."""
    c = customers.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    recent = select(c.id).where(at_home).order_by(last_contact_key.desc(), c.id.desc()).limit(MOST_RECENT)
    if sight is Sight.ALL:
        return recent
    own = select(c.id).where(at_home, c.owner_id == bindparam("actor_id", type_=Uuid))
    own = own.order_by(c.created_at.desc(), c.id.desc()).limit(MOST_OWN)
    if sight is Sight.OWN:
        return own
    team = func.unnest(bindparam("team_ids", type_=ARRAY(Uuid))).table_valued("id", name="team").render_derived()
    theirs = select(c.id).where(at_home, c.team_id == team.c.id).limit(MOST).lateral("theirs")
    of_teams = select(theirs.c.id).select_from(team.join(theirs, true())).limit(MOST)
    parts = [recent.subquery("recent"), own.limit(MOST).subquery("own"), of_teams.subquery("of_teams")]
    return select(union_all(*(select(part.c.id) for part in parts)).subquery("any_of_these").c.id)


def _holds(finding: Finding, word: int) -> ColumnElement[bool]:
    """The thing has a token in one of the word's ranges; a word without ranges is known to be there."""
    known = func.cardinality(bindparam(f"q{word}_within", type_=ARRAY(Text))) == 0
    return or_(known, _has(finding.table.c.id, word, "held"))


def _has(thing: ColumnElement[Any], word: int, where: str) -> ColumnElement[bool]:
    """The customer with this id has a token in one of the word's ranges.

    The limit keeps it a question per candidate, by the key of what is held of it. As a semi-join it would be planned
    over all customers.
    """
    held = customer_found_by.alias(f"{where}{word}")
    texts = func.unnest(bindparam(f"q{word}_within", type_=ARRAY(Text)))
    within = texts.table_valued("text", name=f"{where}_within{word}").render_derived()
    hit: Select[Any] = (
        select(literal_column("true").label("held"))
        .select_from(held.join(within, func.strpos(held.c.tokens, within.c.text) > 0))
        .where(held.c.workspace_id == bindparam("workspace_id", type_=Uuid), held.c.customer_id == thing)
        .limit(1)
        .correlate(thing.table)
    )
    return hit.scalar_subquery().is_(True)


@statement
def _there() -> Select[Any]:
    """Which of these tokens anybody has."""
    tried = func.unnest(bindparam("tried", type_=ARRAY(Text))).table_valued("token", name="tried").render_derived()
    token = customer_tokens
    home = token.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    hit: Select[Any] = select(literal_column("1")).where(home, token.c.token == tried.c.token).limit(1).correlate(tried)
    return select(tried.c.token).where(hit.scalar_subquery().is_not(None))


def _ranges(word: int) -> Any:
    return (
        func.unnest(bindparam(f"q{word}_from", type_=ARRAY(Text)), bindparam(f"q{word}_to", type_=ARRAY(Text)))
        .table_valued("low", "high", name=f"range{word}")
        .render_derived()
    )


def _array(ids: Select[Any]) -> ColumnElement[Any]:
    return func.array(ids.scalar_subquery(), type_=ARRAY(Uuid))
