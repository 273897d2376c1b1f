"""What a stage can ask for before a sale may enter it, by name (``domain.md`` C2)."""

import re
from typing import get_args

from crm.contacts.vocabulary import Role

ROLES = (*get_args(Role), "champion")

_one_role = "|".join(ROLES)
REQUIREMENT = re.compile(
    r"customer|amount|expected_close_on|next_step|contact_reached|man_known|man_promising|authority_found"
    rf"|contact:(?:{_one_role})(?:/(?:{_one_role}))*"
    r"|check:[a-z][a-z0-9_]{0,29}\.[a-z][a-z0-9_]{0,29}"
)
"""``contact:decider/approver`` is a contact in any of these roles; ``check:meddic.pain`` an element that is clear."""


def is_requirement(name: str) -> bool:
    """Whether a stage can ask for this."""
    return REQUIREMENT.fullmatch(name) is not None
