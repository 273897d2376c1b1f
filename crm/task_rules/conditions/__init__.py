"""What rules can watch at night: a closed list, by name.

A further condition is a module here that makes a ``Condition``, and one line in ``CONDITIONS``.
"""

from collections.abc import Mapping
from types import MappingProxyType

from crm.task_rules.conditions.birthdays import BIRTHDAY
from crm.task_rules.conditions.dates import DATE_REACHED
from crm.task_rules.conditions.kinds import Condition
from crm.task_rules.conditions.sales import CARD_REVIEW_DUE, CONTRACT_ENDING, NO_NEXT_STEP
from crm.task_rules.conditions.silence import INTERRUPTED, LONG_ABSENT
from crm.task_rules.conditions.stages import STAGE_UNCHANGED

CONDITIONS: Mapping[str, Condition] = MappingProxyType(
    {
        condition.name: condition
        for condition in (
            BIRTHDAY,
            LONG_ABSENT,
            INTERRUPTED,
            STAGE_UNCHANGED,
            DATE_REACHED,
            NO_NEXT_STEP,
            CARD_REVIEW_DUE,
            CONTRACT_ENDING,
        )
    }
)

__all__ = ["CONDITIONS", "Condition"]
