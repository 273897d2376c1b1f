"""Changing what is known of a complaint, beside the steps of its path."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import Insert

from crm.actor import Sight
from crm.complaints import clocks, pointing, standing, taking
from crm.complaints.cases import Case, who_is
from crm.complaints.columns import as_columns
from crm.complaints.errors import (
    AssigneeIsResponsible,
    ComplaintOver,
    CustomerStays,
    NoEightD,
    StepIsForOthers,
)
from crm.complaints.events import UPDATED
from crm.complaints.needs import MEANINGS, in_words
from crm.complaints.queries import COMPLAINT
from crm.complaints.repeating import repeat_of
from crm.complaints.rules import OVER, SEVERE
from crm.complaints.schemas import ComplaintUpdate
from crm.complaints.vocabulary import Need
from crm.customers.queries import out_of_reach
from crm.database import Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed

AFTERWARDS = frozenset({"cost", "cost_currency", "effective", "check_effect_on", "tags", "eight_d"})
"""What is learnt when it is over."""

WHO: tuple[Need, ...] = ("not_responsible", "handles")

LINKS = frozenset({"customer_id", "product_id", "category", "cause_kind"})
"""What decides whether it repeats an earlier one."""


async def update(tx: Transaction, complaint_id: UUID, change: ComplaintUpdate) -> Answer:
    """Change what was sent.

    Raises ``NotFound``, ``Stale``, ``StepIsForOthers``, ``ComplaintOver``, ``CustomerStays``, ``NoEightD``,
    ``AssigneeIsResponsible``, 422 for whoever or whatever is not there.
    """
    now, row = await standing.locked(tx, complaint_id)
    answer = await explain(tx, COMPLAINT, complaint_id)
    values = as_columns(change.model_dump(exclude_unset=True))
    await _must_be_possible(tx, now, row, values)
    values |= await _in_consequence(tx, row, values)
    wanted = _changed(tx.actor.sight, frozenset(values))
    changed = await record(
        tx, UPDATED, wanted, refusals=taking.REFUSALS, id=complaint_id, if_match=None, **renamed(values)
    )
    return changed or answer


async def _must_be_possible(tx: Transaction, now: Case, row: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    who = who_is(tx.actor)
    if missing := [need for need in WHO if not MEANINGS[need].met(now, who)]:
        raise StepIsForOthers(state=now.state, missing=in_words(missing))
    if now.state in OVER and not values.keys() <= AFTERWARDS:
        raise ComplaintOver(state=now.state)
    if values.get("validity") == "rejected" and now.state != "rejected":
        raise invalid("validity", "What is not justified is rejected, by a step of its own.", "reject_it")
    if values.get("responsible_id") is not None and values["responsible_id"] == now.assignee_id:
        raise AssigneeIsResponsible
    if values.get("customer_id") not in {None, row["customer_id"]}:
        if problem := await out_of_reach(tx, values["customer_id"]):
            raise problem
        if row["customer_id"] is not None:
            raise CustomerStays
    if values.get("eight_d"):
        if values.get("category", now.category) != "quality" or now.severity not in SEVERE:
            raise NoEightD(severity=now.severity, category=now.category)
        people = {f"{name}/by_id": one["by_id"] for name, one in values["eight_d"].items() if one.get("by_id")}
        await pointing.must_be_people(tx, "eight_d", people)
    customer_id = row["customer_id"] or values.get("customer_id")
    if values.get("contact_id") is not None and customer_id is None:
        raise invalid("contact_id", "A contact belongs to a customer: name both.", "contact_without_customer")
    await pointing.must_be_there(tx, values, customer_id=customer_id)


async def _in_consequence(tx: Transaction, row: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from the change: the promise that holds, and what it repeats."""
    found: dict[str, Any] = {}
    if values.get("eight_d"):
        whole = {"by_id": None, "done_on": None, "note": None}
        found["eight_d"] = {name: {**whole, **one} for name, one in values["eight_d"].items()}
    if LINKS & values.keys():
        as_it_will_be = {name: values.get(name, row[name]) for name in LINKS}
        found["repeat_of_id"] = await repeat_of(tx, row["id"], received_at=row["received_at"], **as_it_will_be)
    was = taking.timed(row)
    changes = {name: values[name] for name in ("category", "customer_id") if name in values}
    will_be = replace(was, **changes)
    if will_be != was:
        found["due_at"] = await clocks.turn(tx, "assess", will_be, was)
    return found


@statement
def _changed(sight: Sight, columns: frozenset[str]) -> Insert:
    return changing(COMPLAINT, sight, columns)
