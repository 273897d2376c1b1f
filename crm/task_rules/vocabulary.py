"""The words that rules are spoken of in."""

from typing import Literal

TriggerKind = Literal["event", "nightly", "care"]
Operator = Literal[
    "equals", "not_equals", "in", "not_in", "at_least", "at_most", "contains", "is_set", "is_not_set",
    "changed", "changed_to", "changed_from",
]  # fmt: skip
Unit = Literal["working_days", "days", "working_minutes", "minutes"]
Whom = Literal["owner", "manager", "user"]
Skipped = Literal["no_owner", "owner_gone", "no_manager", "do_not_contact", "no_subject", "made_lately"]
"""Why a rule leaves somebody out. It tries again the next night; nothing is wrong with the rule."""

Fault = Literal["user_gone", "chain_gone", "unknown_condition", "unknown_field", "failed"]
"""What is wrong with a rule: its named user is not active, or what it watches is not there any more."""

RunState = Literal["running", "done", "failed"]
