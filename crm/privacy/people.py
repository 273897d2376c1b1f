"""The two kinds of records that are a person, and what of each is no personal data and stays."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, true

from crm.contacts.queries import CONTACT
from crm.contacts.queries import FINDING as CONTACTS_FOUND_BY
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.queries import FINDING as CUSTOMERS_FOUND_BY
from crm.finding import Finding
from crm.nouns import Noun
from crm.privacy import events
from crm.privacy.words import ERASED_CONTACT, ERASED_CUSTOMER


@dataclass(frozen=True, eq=False)
class Person:
    """A noun whose rows are people.

    ``kept`` names the columns, and members of what is shown, that stay as they are: ids, moments, counts, and what the
    rules work by. Whatever is not named here is emptied, so that a column added later is erased from its first day.
    """

    noun: Noun
    found: Finding
    kept: frozenset[str]
    identifying: frozenset[str]
    erasable: ColumnElement[bool]
    erased: str
    called: Mapping[str, str]


_ALWAYS = frozenset(
    {
        "workspace_id", "id", "customer_id", "do_not_contact", "archived_at", "erased_at", "erased_because",
        "merged_into_id", "created_at", "updated_at", "version",
    }
)  # fmt: skip

A_CONTACT = Person(
    CONTACT,
    CONTACTS_FOUND_BY,
    kept=_ALWAYS | {"customer"},
    identifying=frozenset({"name", "phones", "emails", "wechat"}),
    erasable=true(),
    erased=events.CONTACT_ERASED,
    called=ERASED_CONTACT,
)

A_CUSTOMER = Person(
    CUSTOMER,
    CUSTOMERS_FOUND_BY,
    kept=_ALWAYS
    | {
        "kind", "type", "class", "lifecycle", "relationship_stage", "owner_id", "owner", "team_id", "parent_id",
        "parent", "last_contact_at", "next_contact_due_on", "warmth_band", "warmth", "rhythm", "completeness",
        "verified_on", "verification_stale",
    },
    identifying=frozenset({"name", "phone", "email", "registration_code"}),
    erasable=customers.c.kind == "person",
    erased=events.CUSTOMER_ERASED,
    called=ERASED_CUSTOMER,
)  # fmt: skip
