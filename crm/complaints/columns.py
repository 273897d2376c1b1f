"""From what is sent to columns."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def as_columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as columns: an amount of money is two."""
    columns = dict(values)
    if "cost" in columns:
        cost = columns.pop("cost")
        columns |= {
            "cost": None if cost is None else Decimal(cost["amount"]),
            "cost_currency": None if cost is None else cost["currency"],
        }
    return columns
