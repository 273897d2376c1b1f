"""What counts as being in touch: pure rules (``domain.md`` A020, D1)."""

ONE_SIDED = frozenset({"no_answer", "left_message"})
"""Outcomes in which the other side took no part."""


def can_count(outcome: str, *, automated: bool) -> bool:
    """Whether this may count as a contact at all: two people took part, and no machine did it."""
    return not automated and outcome not in ONE_SIDED


def counts(outcome: str, *, automated: bool) -> bool:
    """Whether this counts as a contact when nobody says otherwise: the other side was reached."""
    return outcome == "reached" and can_count(outcome, automated=automated)
