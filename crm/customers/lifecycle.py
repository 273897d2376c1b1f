"""The life of a customer as a table (``domain.md`` C2, A006), and what each cause of loss means (A222, B11).

Pure rules; whether what a move needs is there is looked up by ``crm/relationships``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm.customers.needs import Need
from crm.customers.vocabulary import Lifecycle, LifecycleMove, LossCause, LossKind

MOVES: Mapping[tuple[Lifecycle, LifecycleMove], Lifecycle] = MappingProxyType(
    {
        ("prospect", "qualify"): "interested",
        ("interested", "convert"): "customer",
        ("customer", "fall_asleep"): "dormant",
        ("dormant", "reactivate"): "customer",
        ("prospect", "lose"): "lost",
        ("interested", "lose"): "lost",
        ("customer", "lose"): "lost",
        ("dormant", "lose"): "lost",
        ("lost", "win_back"): "interested",
    }
)

NEEDS: Mapping[LifecycleMove, tuple[Need, ...]] = MappingProxyType(
    {
        "qualify": (("owner",), ("contact_with_phone_or_email",)),
        "convert": (("won_opportunity", "reason"),),
    }
)
"""What must be there for a move; those that are not named need nothing."""

BY_THE_WORKER: frozenset[LifecycleMove] = frozenset({"fall_asleep", "reactivate"})
"""Nobody asks for these: silence and contact bring them about."""

KIND_OF_LOSS: Mapping[LossCause, LossKind] = MappingProxyType(
    {
        "competitor": "voluntary",
        "pushed_unintended": "voluntary",
        "need_fulfilled": "natural",
        "moved": "natural",
        "pushed_intended": "involuntary",
    }
)
"""The five ways of losing a customer (流失), by whose will it was: theirs, nobody's, or ours (B11)."""

NEEDS_A_MANAGER: frozenset[LossCause] = frozenset({"pushed_intended"})
"""Causes that a sales person cannot give alone."""


def before(move: LifecycleMove) -> tuple[Lifecycle, ...]:
    """The states from which this move can be made."""
    return tuple(state for state, of in MOVES if of == move)


def after(move: LifecycleMove) -> Lifecycle:
    """The state in which this move ends, wherever it began."""
    return MOVES[before(move)[0], move]


def moves_from(state: Lifecycle) -> list[LifecycleMove]:
    """What one may ask for in this state."""
    return [move for of, move in MOVES if of == state and move not in BY_THE_WORKER]
