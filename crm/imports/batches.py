"""What becomes of a batch of lines: who is new, who was there already, what was refused, whose parent is whose."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from crm.customers import events
from crm.database import Transaction
from crm.errors import FieldError
from crm.imports import landing
from crm.imports.beginning import Beginning
from crm.imports.families import circular
from crm.imports.landing import Landing, Match
from crm.imports.lines import Reading
from crm.imports.people import people

CIRCLE = ("This would place the customer above itself; its parent stays as it was.", "parent_circle")


class Told(Protocol):
    """A line of which something is told."""

    @property
    def number(self) -> int:
        """Where it begins."""

    @property
    def content(self) -> Mapping[str, str]:
        """Its cells."""

    @property
    def errors(self) -> tuple[FieldError, ...]:
        """What is wrong with it."""


@dataclass
class Outcome:
    """How many lines came to what; ``noted`` are those whose customer is there and lacks something."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    refused: list[Told] = field(default_factory=list)
    noted: list[Told] = field(default_factory=list)


def nothing() -> None:
    """Nothing to do meanwhile."""


async def customers_of(
    tx: Transaction,
    readings: Sequence[Reading],
    columns: Mapping[str, str],
    match_by: str | None = None,
    *,
    published: bool = False,
    meanwhile: Callable[[], None] = nothing,
) -> Outcome:
    """Make and update the customers of these lines; a parent is set where it is known already.

    ``columns``: field → column. ``published``: what the facts of the new ones owe is written down by whoever called,
    in this transaction. ``meanwhile`` is called when Postgres has something to do.
    """
    outcome = Outcome(refused=[one for one in readings if one.errors])
    if len(outcome.refused) < len(readings):
        beginning = Beginning(tx.actor, await people(tx))
        for wave in _waves([one for one in readings if not one.errors]):
            await _land(tx, wave, outcome, beginning, columns, match_by, published=published, meanwhile=meanwhile)
    return outcome


async def parents_of(
    tx: Transaction, readings: Sequence[Reading], columns: Mapping[str, str], match_by: str | None = None
) -> Outcome:
    """Set the parents that these lines name; note each that cannot be found. ``columns``: field → column."""
    outcome = Outcome()
    rows: dict[str, tuple[Reading, Landing]] = {}
    for reading, match in zip(readings, await landing.matches(tx, readings, match_by), strict=True):
        wrong = _wrong_parent(match, is_person=match.is_person)
        if wrong is None and match.existing is not None:
            rows[match.existing] = reading, Landing({"id": match.existing, "parent_id": match.parents[0]})
        elif wrong is not None:
            _note(outcome, reading, columns["parent"], wrong)
    for refused in await circular(tx, [row.values for _, row in rows.values()]):
        _note(outcome, rows.pop(refused)[0], columns["parent"], CIRCLE)
    await landing.change(tx, events.UPDATED, [row for _, row in rows.values()])
    return outcome


def _note(outcome: Outcome, reading: Reading, column: str, wrong: tuple[str, str]) -> None:
    outcome.noted.append(replace(reading, errors=(FieldError(column, *wrong),)))


async def _land(
    tx: Transaction,
    readings: Sequence[Reading],
    outcome: Outcome,
    beginning: Beginning,
    columns: Mapping[str, str],
    match_by: str | None,
    *,
    published: bool,
    meanwhile: Callable[[], None],
) -> None:
    new: list[Landing] = []
    known: list[Landing] = []
    begun: list[dict[str, Any]] = []
    for reading, match in zip(readings, await landing.matches(tx, readings, match_by), strict=True):
        if wrong := _wrong_customer(match, reading):
            outcome.refused.append(replace(reading, errors=(FieldError("", *wrong),)))
            continue
        kind = (reading.customer or {} if match.existing is None else reading.own).get("kind")
        is_person = match.is_person if kind is None else kind == "person"
        parent = {"parent_id": match.parents[0]} if _wrong_parent(match, is_person=is_person) is None else {}
        if match.existing is not None:
            own = {field: tokens for field, tokens in reading.tokens.items() if field in reading.own}
            known.append(Landing({**reading.own, **parent, "id": match.existing}, own))
            continue
        values = {**(reading.customer or {}), **parent, "id": match.new_id}
        if wrong := beginning.set_owner(values, reading.owner):
            _note(outcome, reading, columns["owner"], wrong)
        begun.append(values)
        new.append(Landing(values, reading.tokens))
    await beginning.set_days(tx, begun)
    meanwhile()
    created = await landing.add(tx, events.CREATED, new, published=published)
    # Told when the parents' turn comes, which is after all customers.
    for refused in await circular(tx, [row.values for row in known]):
        known = [
            row._replace(values={**row.values, "parent_id": None}) if row.values["id"] == refused else row
            for row in known
        ]
    updated = await landing.change(tx, events.UPDATED, known)
    outcome.created += created
    outcome.updated += updated
    outcome.unchanged += len(known) - updated


def _waves(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """The lines in their order, in as few sets as may be, so that no two of a set can mean the same customer."""
    left = list(readings)
    while left:
        wave: list[Reading] = []
        later: list[Reading] = []
        taken: set[str] = set()
        for one in left:
            said = {"name": one.key, "code": one.code, "mark": one.mark}
            marks = {f"{what} {mark}" for what, mark in said.items() if mark}
            (later if marks & taken else wave).append(one)
            taken |= marks
        yield wave
        left = later


def _wrong_customer(match: Match, reading: Reading) -> tuple[str, str] | None:
    if match.taken:
        return "Another customer has this registration code.", "registration_code_taken"
    if len(match.found) > 1:
        return "Several customers are known by this; a registration code would tell which one is meant.", "ambiguous"
    if not match.found and (reading.customer or {}).get("lifecycle") == "lost":
        return "A new customer cannot be lost: a loss has a cause, which a file does not say.", "loss_without_cause"
    return None


def _wrong_parent(match: Match, *, is_person: bool) -> tuple[str, str] | None:
    if is_person:
        return "A person belongs to no group; the customer has no parent.", "parent_of_person"
    if not match.parents:
        return "There is no company of this name; the customer has no parent.", "parent_unknown"
    if len(match.parents) > 1:
        return "Several companies have this name; the customer has no parent.", "parent_ambiguous"
    if match.parents[0] == match.existing:
        return "A customer cannot be its own parent.", "parent_is_itself"
    return None
