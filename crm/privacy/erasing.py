"""Erasure: a person's data is overwritten wherever it stands by structure; ids, moments and counts stay.

What people wrote in their own words is not searched: the answer lists it, for a person to read. What is not reached by
nature: backups and the write-ahead log until they expire, and answers kept under an ``Idempotency-Key`` that do not
carry the person's id (previews of imports), which are forgotten after 72 hours.
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
from crm.database import Transaction, statement
from crm.errors import NotFound
from crm.events.reacting import Fact
from crm.nouns import Answer
from crm.privacy import free_text, traces
from crm.privacy.errors import CompanyNotErasable
from crm.privacy.people import A_CONTACT, A_CUSTOMER, Person
from crm.recording import changing, explain, record, renamed
from crm.search import normalized

SHORTEST_NAME = 2
"""A name of one letter is not looked for in titles: it would be found in any word."""

GIVEN = frozenset({"name", "name_key", "erased_because"})


async def erase_contact(tx: Transaction, contact_id: UUID, reason: ErasedBecause) -> Answer:
    """Erase what is known of a contact. Erasing twice is erasing once. Raises ``NotFound``, ``Stale``."""
    return await _erase(tx, A_CONTACT, contact_id, reason)


async def erase_customer(tx: Transaction, customer_id: UUID, reason: ErasedBecause) -> Answer:
    """Erase what is known of a customer who is a person. Raises ``NotFound``, ``Stale``, ``CompanyNotErasable``.

    The contacts under it are people of their own and stay.
    """
    return await _erase(tx, A_CUSTOMER, customer_id, reason)


async def erase_what_came_late(tx: Transaction, fact: Fact) -> None:
    """A change under way while the person was erased may have told of them by the old name: look once more."""
    person = A_CONTACT if fact.subject_type == "contact" else A_CUSTOMER
    called = in_language(person.called, tx.actor.language)
    kept = sorted(person.kept)
    await tx.rows(traces.facts(), id=fact.subject_id, called=called, names=[], kept=kept, titled=[])


async def _erase(tx: Transaction, person: Person, id: UUID, reason: ErasedBecause) -> Answer:
    known = await _identifiers(tx, person, id)
    called = in_language(person.called, tx.actor.language)
    new = {"name": called, "name_key": normalized(called), "erased_because": reason}
    erased = await record(tx, person.erased, _overwrite(person, tx.actor.sight), id=id, **renamed(new))
    if erased is None:
        standing = orjson.loads((await explain(tx, person.noun, id)).body)
        if standing["erased_at"] is None:
            raise CompanyNotErasable
        erased = await explain(tx, person.noun, id)
    names = sorted((name for name in known["name"] if len(name) >= SHORTEST_NAME and name != called), key=len)[::-1]
    about = {"id": id, "called": called, "names": names, "kept": sorted(person.kept)}
    to_review = [dict(row) for row in await tx.rows(free_text.left(person), **about)]
    counts = await _overwrite_traces(tx, person, about, known)
    now = orjson.loads(erased.body)
    item = {"id": id, "erased_at": now["erased_at"], "reason": now["erased_because"], "version": erased.version}
    body = orjson.dumps({**item, "erased": counts, "to_review": to_review})
    return Answer(id, erased.version, body.decode())


async def _overwrite_traces(
    tx: Transaction, person: Person, about: dict[str, Any], known: dict[str, frozenset[str]]
) -> dict[str, int]:
    titled = [row[0] for row in await tx.rows(traces.titled(), **about)]
    about["titled"] = titled
    facts = [row[0] for row in await tx.rows(traces.facts(), **about)]
    cells = {
        "words": sorted(value for name in person.identifying for value in known[name]),
        "digits": sorted(_endings(known)),
    }
    return {
        "facts": len(facts),
        "search_tokens": len(await tx.rows(traces.tokens(person), **about)),
        "taboos": len(await tx.rows(traces.taboos(), **about)),
        "tasks": len(await tx.rows(traces.titles_of_tasks(), **about)),
        "reminders": len(await tx.rows(traces.titles_of_reminders(), **about)),
        "notifications": len(await tx.rows(traces.titles_of_notifications(), **about)),
        "kept_answers": len(await tx.rows(traces.kept_answers(), **about)),
        "import_problems": len(await tx.rows(traces.import_problems_with(), **cells)),
        "webhook_attempts": len(await tx.rows(traces.webhook_answers(), facts=facts)),
    }


async def _identifiers(tx: Transaction, person: Person, id: UUID) -> dict[str, frozenset[str]]:
    """By what this person was ever known, now and in every fact. Raises ``NotFound``."""
    rows = await tx.rows(traces.known_by(person, tx.actor.sight), id=id)
    if not rows:
        raise NotFound
    return {name: frozenset(_texts(row[name] for row in rows)) for name in person.identifying}


def _texts(values: Any) -> Iterator[str]:
    for value in values:
        if isinstance(value, str):
            yield value.strip()
        elif isinstance(value, list):
            yield from _texts(value)


def _endings(known: dict[str, frozenset[str]]) -> Iterator[str]:
    """The last digits of each phone: files spell the beginning in many ways."""
    for name in ("phone", "phones"):
        for phone in known.get(name, ()):
            if len(digits := "".join(filter(str.isdigit, phone))) >= 7:
                yield digits[-8:]


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
