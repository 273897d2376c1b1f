"""How good the file of a customer is: what it lacks, and when somebody last made sure that it is true.

"True, complete, continuous" (真实性、完整性、延续性, ``domain.md`` A002, A046, A047). Completeness is the weight of the
fields that are filled over the weight of all (B12); which fields, and what each weighs, is our own choice. A file is
stale when it was verified, or made, longer ago than the workspace's setting ``verification.stale_after_months`` (B12).
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, FromClause, Integer, Text, bindparam, case, cast, func, literal, null
from sqlalchemy.dialects.postgresql import array

from crm.customers.vocabulary import Kind

WEIGHTS: Mapping[Kind, Mapping[str, int]] = MappingProxyType(
    {
        "company": MappingProxyType(
            {
                "registration_code": 3, "phone": 3, "address": 2, "email": 2, "industry": 2, "owner_id": 2,
                "region": 2, "purchasing_power": 1, "size": 1, "source": 1, "type": 1, "website": 1,
            }
        ),
        "person": MappingProxyType(
            {
                "phone": 3, "address": 2, "email": 2, "owner_id": 2, "region": 2, "purchasing_power": 1, "source": 1,
                "type": 1,
            }
        ),
    }
)  # fmt: skip
"""What each field weighs, the heaviest first: in this order the missing ones are named."""


class Completeness(NamedTuple):
    """A score of 0 to 100, and the fields that are not filled, those that weigh most first."""

    score: int
    missing: list[str]


def completeness(kind: Kind, filled: Collection[str]) -> Completeness:
    """How complete a file is in which these fields are filled; the score is rounded half up once."""
    weights = WEIGHTS[kind]
    missing = [name for name in weights if name not in filled]
    whole = sum(weights.values())
    present = whole - sum(weights[name] for name in missing)
    return Completeness((200 * present + whole) // (2 * whole), missing)


def completeness_of(customer: FromClause) -> ColumnElement[Any]:
    """``completeness`` in SQL: the same whole numbers."""
    company, person = (_completeness(customer, WEIGHTS[kind]) for kind in ("company", "person"))
    return case((customer.c.kind == "company", company), else_=person)


def is_stale(since: ColumnElement[Any], today: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a file that was verified or made on that day wants to be verified again."""
    months = bindparam("verification_stale_after_months", type_=Integer)
    # Without a date of its own the difference would be a timestamp, and the comparison made anew for each row.
    stale: ColumnElement[bool] = since < cast(today - func.make_interval(0, months), Date)
    return stale


def _completeness(customer: FromClause, weights: Mapping[str, int]) -> ColumnElement[Any]:
    empty = {name: _value(customer, name).is_(None) for name in weights}
    whole = sum(weights.values())
    lacking = sum((case((empty[name], weight), else_=0) for name, weight in weights.items()), literal(0))
    score = (200 * (whole - lacking) + whole) // (2 * whole)
    named: array[Any] = array([case((empty[name], name)) for name in weights], type_=Text)
    missing = func.array_remove(named, cast(null(), Text))
    return func.json_build_object("score", score, "missing", missing)


def _value(customer: FromClause, name: str) -> ColumnElement[Any]:
    """What must not be null for a field to be filled. An address that names no place is none."""
    if name == "address":
        return func.coalesce(customer.c.address["line"].astext, customer.c.address["city"].astext)
    return customer.c[name]
