"""Erasure: a person's data is overwritten wherever it stands; ids, moments and counts stay.

Where that is, ``places`` declares. The answer lists what people wrote in their own words about others in whose company
the person appears, for somebody to read. What is not reached by nature: backups and the write-ahead log until they
expire, and what receivers of webhooks and of exports keep.
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Boolean, ColumnElement, Insert, func, literal_column, null
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.care.words import in_language
from crm.customers.vocabulary import ErasedBecause
from crm.database import Statement, Transaction, statement
from crm.errors import NotFound
from crm.events.reacting import Fact
from crm.nouns import Answer
from crm.privacy import files, free_text, traces
from crm.privacy.errors import CompanyNotErasable
from crm.privacy.patterns import endings, pattern_of
from crm.privacy.people import A_CONTACT, A_CUSTOMER, Person
from crm.privacy.places import PLACES
from crm.recording import changing, explain, record, renamed
from crm.removals.actions import owe
from crm.search import normalized

GIVEN = frozenset({"name", "name_key", "erased_because"})


async def erase_contact(tx: Transaction, contact_id: UUID, reason: ErasedBecause) -> Answer:
    """Erase what is known of a contact. Erasing twice is erasing once. Raises ``NotFound``, ``Stale``."""
    return await _erase(tx, A_CONTACT, contact_id, reason)


async def erase_customer(tx: Transaction, customer_id: UUID, reason: ErasedBecause) -> Answer:
    """Erase what is known of a customer who is a person, with those that it was merged with: they are the same person.

    The contacts under it are people of their own and stay. Raises ``NotFound``, ``Stale``, ``CompanyNotErasable``.
    """
    return await _erase(tx, A_CUSTOMER, customer_id, reason)


async def erase_what_came_late(tx: Transaction, fact: Fact) -> None:
    """A change under way while the person was erased may tell of them: look once more, by their ids.

    Their names are not known any more, so what people wrote of them elsewhere meanwhile is not found.
    """
    person = A_CONTACT if fact.subject_type == "contact" else A_CUSTOMER
    called = in_language(person.called, tx.actor.language)
    who = {"persons": [fact.subject_id], "pattern": None, "called": called, "kept": sorted(person.kept)}
    who["homes"] = await _ids(tx, traces.homes(person), **who)
    who["about"] = await _ids(tx, free_text.about(person), **who)
    await _empty_rows(tx, person, who)
    await traces.forget_facts(tx, **who)
    await files.withdraw_exports(tx)


async def _erase(tx: Transaction, person: Person, id: UUID, reason: ErasedBecause) -> Answer:
    known = await _identifiers(tx, person, id)
    if not known:
        raise NotFound
    called = in_language(person.called, tx.actor.language)
    new = renamed({"name": called, "name_key": normalized(called), "erased_because": reason})
    overwrite = _overwrite(person, tx.actor.sight)
    erased = await record(tx, person.erased, overwrite, id=id, **new)
    if erased is None:
        standing = orjson.loads((await explain(tx, person.noun, id)).body)
        if standing["erased_at"] is None:
            raise CompanyNotErasable
        erased = await explain(tx, person.noun, id)
    persons = await _ids(tx, traces.records(person), id=id)
    for other in persons:
        if other != id:
            also = await _identifiers(tx, person, other)
            known = {name: values | also[name] for name, values in known.items()}
            await record(tx, person.erased, overwrite, id=other, if_match=None, **new)
    pattern = pattern_of(known, called)
    who = {"id": id, "persons": persons, "called": called, "kept": sorted(person.kept), "pattern": pattern}
    who["homes"] = await _ids(tx, traces.homes(person), **who)
    who["about"] = await _ids(tx, free_text.about(person), **who)
    to_review = [dict(row) for row in await tx.rows(free_text.left(person), **who)]
    counts = await _overwrite_words(tx, person, who) | await _overwrite_traces(tx, person, who, known)
    now = orjson.loads(erased.body)
    item = {"id": id, "erased_at": now["erased_at"], "reason": now["erased_because"], "version": erased.version}
    body = orjson.dumps({**item, "erased": counts, "to_review": to_review})
    return Answer(id, erased.version, body.decode())


async def _overwrite_words(tx: Transaction, person: Person, who: dict[str, Any]) -> dict[str, int]:
    counts = {str(place.table.name): 0 for place in PLACES} | await _empty_rows(tx, person, who)
    if who["pattern"] is not None:
        for place in PLACES:
            counts[str(place.table.name)] += len(await tx.rows(free_text.unnamed(place), **who))
    return counts


async def _overwrite_traces(
    tx: Transaction, person: Person, who: dict[str, Any], known: dict[str, frozenset[str]]
) -> dict[str, int]:
    facts = await traces.forget_facts(tx, **who)
    cells = {"words": sorted(frozenset().union(*known.values())), "digits": sorted(endings(known))}
    return {
        "facts": len(facts),
        "search_tokens": len(await tx.rows(traces.tokens(person), **who)),
        "taboos": len(await tx.rows(traces.taboos(), **who)),
        "merges": len(await tx.rows(traces.merges(), **who)),
        "kept_answers": len(await tx.rows(traces.kept_answers(), **who)),
        "import_problems": len(await tx.rows(traces.import_problems_with(), **who, **cells)),
        "waiting_imports": await files.rewrite_waiting_imports(tx, who["pattern"], who["called"]),
        "export_files": await files.withdraw_exports(tx),
        "webhook_attempts": len(await tx.rows(traces.webhook_answers(), facts=facts)),
    }


async def _empty_rows(tx: Transaction, person: Person, who: dict[str, Any]) -> dict[str, int]:
    """Empty what is about the person alone; of a file that goes with its row, the removal is owed."""
    counts = {}
    for place in PLACES:
        if free_text.alone(place, person) is not None:
            gone = await _ids(tx, free_text.emptied(place, person), **who)
            counts[str(place.table.name)] = len(gone)
            if place.file is not None:
                await owe(tx, place.file, gone)
    return counts


async def _ids(tx: Transaction, wanted: Statement, **values: Any) -> list[UUID]:
    return [row[0] for row in await tx.rows(wanted, **values)]


async def _identifiers(tx: Transaction, person: Person, id: UUID) -> dict[str, frozenset[str]]:
    """By what this record was ever known, now and in every fact; nothing where it is not there for the actor."""
    rows = await tx.rows(traces.known_by(person, tx.actor.sight), id=id)
    return {name: frozenset(_texts(row[name] for row in rows)) for name in person.identifying} if rows else {}


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value.strip()
        elif isinstance(value, list):
            yield from _texts(value)


@statement
def _overwrite(person: Person, sight: Sight) -> Insert:
    """Every column but the kept ones, emptied, with the fact. What the fact says of before goes with the others."""
    table = person.noun.table
    values: dict[str, Any] = {
        column.name: _empty(column) for column in table.c if column.name not in person.kept | GIVEN
    }
    values |= {
        "do_not_contact": literal_column("true", Boolean),
        "archived_at": func.coalesce(table.c.archived_at, func.now()),
        "erased_at": func.now(),
    }
    return changing(person.noun, sight, GIVEN, table.c.erased_at.is_(None), person.erasable, values=values)


def _empty(column: Any) -> ColumnElement[Any]:
    if column.nullable:
        return null()
    if isinstance(column.type, ARRAY) or column.name == "custom":
        return literal_column("'{}'", column.type)
    default = column.server_default
    return literal_column(str(default.arg) if hasattr(default.arg, "text") else f"'{default.arg}'", column.type)
