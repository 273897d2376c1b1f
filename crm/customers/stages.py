"""The five stages of a relationship as a table (``domain.md`` A083-A088, C2): which step leads where, and its needs.

One step forward at a time, each shown by something; back by any number of steps, with a reason; dissolution from any
stage, with a reason; and from there a new beginning.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm.customers.needs import Need
from crm.customers.vocabulary import Stage

_REASON: tuple[Need, ...] = (("reason",),)

STEPS: Mapping[tuple[Stage, Stage], tuple[Need, ...]] = MappingProxyType(
    {
        ("awareness", "exploration"): (("completed_visit", "evidence"),),
        ("exploration", "expansion"): (("two_won_opportunities", "evidence"),),
        ("expansion", "commitment"): (("evidence",),),
        ("exploration", "awareness"): _REASON,
        ("expansion", "awareness"): _REASON,
        ("expansion", "exploration"): _REASON,
        ("commitment", "awareness"): _REASON,
        ("commitment", "exploration"): _REASON,
        ("commitment", "expansion"): _REASON,
        ("awareness", "dissolution"): _REASON,
        ("exploration", "dissolution"): _REASON,
        ("expansion", "dissolution"): _REASON,
        ("commitment", "dissolution"): _REASON,
        ("dissolution", "awareness"): (),
    }
)
"""From where to where, with what is needed for it."""


def steps_to(stage: Stage) -> dict[Stage, tuple[Need, ...]]:
    """The stages from which one comes to this one, with what each step needs."""
    return {before: needs for (before, after), needs in STEPS.items() if after == stage}


def steps_from(stage: Stage) -> list[Stage]:
    """The stages to which one may go from this one."""
    return [after for before, after in STEPS if before == stage]
