"""The words that tasks are spoken of in."""

from typing import Literal

State = Literal["open", "done", "cancelled"]
Kind = Literal[
    "follow_up", "next_step", "contact_due",
    "visit", "birthday", "callback", "revisit", "card_review", "contract_expiry",
    "corrective_action", "effectiveness_check",
]  # fmt: skip
SubjectType = Literal["customer", "contact", "visit", "interaction", "opportunity", "complaint", "privacy_request"]
"""What a task can be about. A further noun: add it here and its line in ``crm.task_rules.subjects``, nothing else."""

KNOWN_SUBJECTS = ("customer", "contact", "visit", "interaction", "opportunity", "complaint", "privacy_request")
"""What the database takes: the nouns of the product, so that another one to come needs no migration."""

ASKS_FOR_CONTACT = frozenset({"contact_due", "birthday", "callback", "revisit"})
"""Kinds that ask to get in touch: no rule makes one about somebody who is not to be contacted."""

SeriesState = Literal["active", "ended"]
