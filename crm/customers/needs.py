"""What a move needs before it can be made, as data: pure rules."""

from collections.abc import Iterable, Set

Need = tuple[str, ...]
"""Things of which one is enough."""


def missing(needs: Iterable[Need], held: Set[str]) -> list[str]:
    """Everything that is not there, at once; alternatives in one: ``completed_visit_or_evidence``."""
    return ["_or_".join(need) for need in needs if held.isdisjoint(need)]
