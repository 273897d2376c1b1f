"""Who is a key customer (``domain.md`` A036, A037, B3, C4): pure rules; ``ranking`` says the same in SQL.

High value: among the first ``ceil(20 %)`` by yearly value. Influential: influence of 4 or more of 5. Both: double.
Both numbers are settings of the workspace.
"""

from decimal import Decimal

from crm.customers.vocabulary import Class, KeyKind
from crm.key_customers.vocabulary import ProposalKind


def places(customers: int, share_percent: int) -> int:
    """How many of so many are the first by value: rounded up, in whole numbers."""
    return (customers * share_percent + 99) // 100


def deserved(
    place: int, customers: int, value: Decimal, influence: int | None, *, share_percent: int, influence_from: int
) -> KeyKind | None:
    """The kind of key customer that one at this place by value is; None for one who is none.

    A customer without value is never of high value, however few the others are.
    """
    high = value > 0 and place <= places(customers, share_percent)
    influential = influence is not None and influence >= influence_from
    if high and influential:
        return "double"
    if high:
        return "high_value"
    return "influential" if influential else None


def proposal(class_: Class, key_kind: KeyKind | None, deserves: KeyKind | None) -> ProposalKind | None:
    """What to propose for a customer of this class and kind that deserves that; None where all is well."""
    if class_ != "key":
        return "promote" if deserves else None
    if deserves is None:
        return "demote"
    return None if key_kind == deserves else "change"
