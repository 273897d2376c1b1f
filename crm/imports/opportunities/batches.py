"""What becomes of a batch of lines of sales: which are new, which were there already, which were refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from crm import clock
from crm.database import Transaction
from crm.errors import FieldError
from crm.imports.batches import Outcome
from crm.imports.opportunities import landing, references
from crm.imports.opportunities.columns import HEADINGS
from crm.imports.opportunities.lines import OpportunityReader, OpportunityReading
from crm.imports.opportunities.references import Known, Pipeline, Product, Sale, Stage
from crm.imports.people import Person
from crm.opportunities import events
from crm.opportunities.grades import grade, review_every
from crm.opportunities.rules import CLOSED
from crm.search import normalized

CENT = Decimal("0.01")
KEPT = frozenset(HEADINGS) - {
    "customer", "owner", "product", "quantity", "pipeline", "stage", "amount.amount", "amount.currency",
}  # fmt: skip
"""Fields whose values go as they are into the columns of the same names."""

EVENT_OF: Mapping[str, str] = {
    "win": events.WON, "lose": events.LOST, "hold": events.HELD, "resume": events.RESUMED,
    "advance": events.STAGE_CHANGED, "step_back": events.STAGE_CHANGED,
}  # fmt: skip


class Refused(Exception):
    """A line cannot be taken: the field it is about, why, and a code."""


@dataclass
class _Batch:
    """The lines of a batch as rows of the statements."""

    new: list[dict[str, Any]] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    moves: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


async def opportunities_of(
    tx: Transaction, reader: OpportunityReader, readings: Sequence[OpportunityReading], *, published: bool = False
) -> Outcome:
    """Make, bring up to date and move the opportunities of these lines.

    ``published``: what the facts of the new ones owe is written down by whoever called, in this transaction.
    """
    outcome = Outcome(refused=[one for one in readings if one.errors])
    for wave in _waves([one for one in readings if not one.errors]):
        await _land(tx, reader, wave, outcome, published=published)
    return outcome


async def _land(
    tx: Transaction,
    reader: OpportunityReader,
    readings: Sequence[OpportunityReading],
    outcome: Outcome,
    *,
    published: bool,
) -> None:
    known = await references.known(tx, readings)
    day = clock.today(tx.actor.timezone)
    batch = _Batch()
    for reading, new_id in zip(readings, known.new_ids, strict=True):
        try:
            _place(tx, reading, new_id, known, day, batch)
        except Refused as error:
            name, message, code = error.args
            wrong = FieldError(reader.column(name) if name else "", message, code)
            outcome.refused.append(replace(reading, errors=(wrong,)))
    await _review(tx, batch)
    outcome.created += await landing.add(tx, events.CREATED, batch.new, published=published)
    updated = await landing.change(tx, events.UPDATED, batch.known)
    for event, rows in batch.moves.items():
        updated |= await landing.move(tx, event, rows)
    outcome.updated += len(updated)
    outcome.unchanged += len(batch.known) - len(updated)


def _place(tx: Transaction, reading: OpportunityReading, new_id: str, known: Known, day: date, batch: _Batch) -> None:
    """Put a line where it belongs. Raises ``Refused``."""
    said = dict(reading.said or {})
    if said.get("closed_on", "") > day.isoformat():
        raise Refused("closed_on", "It cannot have ended on a day to come.", "in_the_future")
    sale = known.sales.get(said.get("reference", ""))
    if sale is not None and not sale.seen:
        raise Refused("reference", "Another opportunity has this reference.", "reference_taken")
    if sale is not None and sale.is_archived:
        raise Refused("reference", "The opportunity of this reference is archived.", "archived")
    values = {name: value for name, value in said.items() if name in KEPT}
    values["customer_id"] = _only(known.customers, said, "customer")
    owner = _owner(known, said)
    product = _one_product(known, said)
    pipeline = _pipeline(known, said, sale)
    values |= _amounts(said, product, sale)
    if said["state"] == "won" and (values.get("amount") or (sale and sale.amount)) is None:
        raise Refused("amount", "What was won has an amount.", "missing")
    if sale is None or "expected_close_on" in said:
        values["grade"] = _grade(tx, said, day)
    if sale is None:
        values["name"] = said.get("name") or _name(said, product)
        values.setdefault("opened_on", said.get("closed_on", day.isoformat()))
        values |= {"id": new_id, "pipeline_id": pipeline.id, "owner_id": owner}
        if owner is None and tx.actor.user_id is not None:
            values["owner_id"] = str(tx.actor.user_id)
        values["team_id"] = known.people.team_of(values["owner_id"])
        values["stage_id"] = _stage(pipeline, said)
        batch.new.append(values)
        return
    stage_id = _stage(pipeline, said) if "stage" in reading.own else sale.stage.id
    _bring_up_to_date(reading, values, sale, next(one for one in pipeline.in_order if one.id == stage_id), batch)


def _bring_up_to_date(
    reading: OpportunityReading, values: dict[str, Any], sale: Sale, stage: Stage, batch: _Batch
) -> None:
    """What a line changes in an opportunity that is there: what it says itself, not what a default says."""
    state = values["state"] if {"state", "closed_on"} & reading.own else sale.state
    if sale.state in CLOSED:
        if state != sale.state:
            raise Refused("state", "It has been closed here; reopen it first.", "opportunity_closed")
        batch.known.append({"id": sale.id})
        return
    derived = {"customer_id", "amount", "currency", "item_name", "product_id", "quantity", "price", "item_amount"}
    kept = reading.own | derived | ({"grade"} if "expected_close_on" in reading.own else set())
    row = {name: value for name, value in values.items() if name in kept}
    batch.known.append({**row, "id": sale.id})
    move = _move(sale, state, stage)
    if move is not None:
        ending = ("closed_on", "lost_reason", "lost_note", "resume_on")
        moved = {name: values[name] for name in ending if name in values}
        moved |= {"id": sale.id, "state": state, "stage_id": stage.id, "move": move}
        batch.moves.setdefault(EVENT_OF[move], []).append(moved)


def _move(sale: Sale, state: str, stage: Stage) -> str | None:
    """By which move an opportunity comes into this state and stage; None where it is there."""
    if state != sale.state:
        return {"won": "win", "lost": "lose", "on_hold": "hold", "open": "resume"}[state]
    if stage.id == sale.stage.id:
        return None
    return "advance" if stage.place > sale.stage.place else "step_back"


async def _review(tx: Transaction, batch: _Batch) -> None:
    """When the cards are looked at again, for those that are open."""
    open_ = [row for row in [*batch.new, *batch.known] if "grade" in row and row.get("state", "open") == "open"]
    days = {name: review_every(name, tx.actor.settings) for name in {row["grade"] for row in open_}}
    due = await references.review_days(tx, set(days.values())) if days else {}
    for row in open_:
        row["review_due_on"] = due[days[row["grade"]]]


def _waves(readings: Sequence[OpportunityReading]) -> Iterator[list[OpportunityReading]]:
    """The lines in their order, in as few sets as may be, so that no two of a set have the same reference."""
    left = list(readings)
    while left:
        wave: list[OpportunityReading] = []
        later: list[OpportunityReading] = []
        taken: set[str] = set()
        for one in left:
            mark = (one.said or {}).get("reference")
            (later if mark is not None and mark in taken else wave).append(one)
            if mark is not None:
                taken.add(mark)
        yield wave
        left = later


def _only(named: Mapping[str, Sequence[Any]], said: Mapping[str, Any], name: str) -> Any:
    """The one that a line names; None where it names none. Raises ``Refused`` for none and for several."""
    return _one(named.get(normalized(said[name]), ()), name) if name in said else None


def _one(found: Sequence[Any], name: str) -> Any:
    if not found:
        raise Refused(name, f"There is no {name} of this name.", f"{name}_unknown")
    if len(found) > 1:
        raise Refused(name, f"Several {name}s have this name.", f"{name}_ambiguous")
    return found[0]


def _owner(known: Known, said: Mapping[str, Any]) -> str | None:
    if "owner" not in said:
        return None
    owner: Person = _one(known.people.known_as(said["owner"]), "owner")
    return owner.id


def _one_product(known: Known, said: Mapping[str, Any]) -> Product | None:
    found: Product | None = _only(known.products, said, "product")
    return found


def _pipeline(known: Known, said: Mapping[str, Any], sale: Sale | None) -> Pipeline:
    if sale is not None:
        for pipelines in known.pipelines.values():
            for one in pipelines:
                if one.id == sale.pipeline_id:
                    return one
    found: Pipeline | None = _only(known.pipelines, said, "pipeline") or known.default_pipeline
    if found is None:
        raise Refused("pipeline", "There is no such pipeline in use.", "pipeline_unknown")
    return found


def _stage(pipeline: Pipeline, said: Mapping[str, Any]) -> str:
    """The stage that a line names, or where one stood that does not say: won at the end, else at the beginning."""
    if "stage" not in said:
        return pipeline.in_order[-1 if said["state"] == "won" else 0].id
    found = pipeline.stages.get(normalized(said["stage"].replace("_", " ")))
    if found is None:
        raise Refused("stage", "The pipeline has no such stage.", "stage_unknown")
    return found.id


def _amounts(said: Mapping[str, Any], product: Product | None, sale: Sale | None) -> dict[str, Any]:
    """Amount and item: the price of the product where the line names no amount of its own."""
    sent = said.get("amount")
    if sale and not sent:
        return {}
    quantity = Decimal(said.get("quantity", 1))
    if product is None:
        if sent and sale and sale.items and Decimal(sent["amount"]) != sale.amount:
            raise Refused("amount", "The amount is the sum of the items.", "amount_comes_from_items")
        return {"amount": sent["amount"], "currency": sent["currency"]} if sent else {}
    if sent:
        amount, currency = Decimal(sent["amount"]), sent["currency"]
        price = (amount / quantity).quantize(CENT)
        if price * quantity != amount:
            # So that price × quantity is what was paid, to the cent.
            quantity, price = Decimal(1), amount
    elif product.price is None or product.currency is None:
        raise Refused("amount", "The product has no price, so the line must say the amount.", "missing")
    else:
        price, currency = product.price, product.currency
        amount = (price * quantity).quantize(CENT)
    if sale and sale.items > 1:
        raise Refused("product", "It has several items; change those.", "amount_comes_from_items")
    return {
        "amount": str(amount),
        "currency": currency,
        "item_name": product.name,
        "product_id": product.id,
        "quantity": str(quantity),
        "price": str(price),
        "item_amount": str(amount),
    }


def _grade(tx: Transaction, said: Mapping[str, Any], day: date) -> str:
    expected = said.get("expected_close_on")
    return grade(date.fromisoformat(expected) if expected else None, day, tx.actor.settings)


def _name(said: Mapping[str, Any], product: Product | None) -> str:
    """What a sale is called that nobody named: what is sold to whom, or else its reference."""
    parts = [product.name if product else said.get("product"), said.get("customer")]
    return " · ".join(part for part in parts if part) or str(said["reference"])
