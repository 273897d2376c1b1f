"""The candidates of a search, with bounded work: gather them by the words, so that only those need be ranked.

A word of two characters matches a fifth of half a million customers. To rank all of them takes a second; so each word
gives its first ``MOST`` tokens in the order of the index, where what equals the word comes before what is longer. Words
that are rarer than that are known completely: then the answer is exact. Where all are common, the candidates are the
first few in that order and, of the customers one was in touch with last and of one's own, those that have the words;
beyond that some matches may be missing.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.customers.models import customer_found_by, customer_tokens, customers, last_contact_key
from crm.database import statement

MOST = 600
"""Of a word with no more matches, all are ranked."""
MOST_COMMON = 200
"""So many of the first matches of a common word are ranked."""
MOST_EXACT = 50
MOST_RECENT = 400
MOST_OWN = 1000
"""So many of those whom one was in touch with last, and of one's own newest, are asked whether they have the words."""


@statement
def gather(many: int, sight: Sight) -> Select[Any]:
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
        _array(select(exactly.c.id).where(*(has(exactly.c.id, at, "exact") for at in asked))).label("exact"),
        _array(select(near.c.id).where(all_common, *(has(near.c.id, at, "near") for at in asked))).label("near"),
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
        others = (or_(first.c.word == at, has(first.c.id, at, "first")) for at in asked)
        columns.append(_array(select(first.c.id).where(all_common, *others).limit(MOST)).label("of_words"))
    return select(*columns)


def chosen(row: Mapping[str, Any], values: dict[str, Any], many: int) -> list[Any]:
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
def called() -> Select[Any]:
    """Which of these tokens anybody has."""
    tried = func.unnest(bindparam("tried", type_=ARRAY(Text))).table_valued("token", name="tried").render_derived()
    token = customer_tokens
    home = token.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    hit: Select[Any] = select(literal_column("1")).where(home, token.c.token == tried.c.token).limit(1).correlate(tried)
    return select(tried.c.token).where(hit.scalar_subquery().is_not(None))


def has(thing: ColumnElement[Any], word: int, where: str) -> ColumnElement[bool]:
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


def _ranges(word: int) -> Any:
    return (
        func.unnest(bindparam(f"q{word}_from", type_=ARRAY(Text)), bindparam(f"q{word}_to", type_=ARRAY(Text)))
        .table_valued("low", "high", name=f"range{word}")
        .render_derived()
    )


def _array(ids: Select[Any]) -> ColumnElement[Any]:
    return func.array(ids.scalar_subquery(), type_=ARRAY(Uuid))
