"""When two customers may be one (``domain.md`` B12): what they have in common, and how much that says.

What is compared leaves a token of its own in the search index (``queries.FINDING``), whole and behind a mark that no
word can have: equality on it is leakproof, so an index serves it under row-level security, and it changes in the
statement that changes the customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from crm.phones import is_mobile
from crm.search import core_of_name, normalized, tokens_of_code, tokens_of_phone

Reason = Literal["registration_code", "name", "name_and_city", "phone", "email"]
Strength = Literal["strong", "weak"]

REASONS: tuple[Reason, ...] = get_args(Reason)
SAME_NAME = "="
SAME_EMAIL = "@"
LONGEST_KEY = 100

SHARED_MAILBOXES = frozenset(
    {
        "account", "accounting", "accounts", "admin", "administration", "billing", "careers", "contact", "enquiries",
        "finance", "hello", "help", "hi", "hr", "info", "information", "inquiries", "inquiry", "invoice", "invoices",
        "jobs", "kefu", "kontakt", "legal", "mail", "marketing", "no-reply", "noreply", "office", "order", "orders",
        "post", "postmaster", "pr", "press", "procurement", "purchase", "purchasing", "reception", "sales", "service",
        "services", "shop", "support", "team", "webmaster",
    }
)  # fmt: skip
"""The part before the @ of an address behind which many people sit."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why two customers may be one, strongest reason first, and how strong that is all in all."""

    reasons: tuple[tuple[Reason, Strength], ...]
    strength: Strength


def name_key(name: str) -> frozenset[str]:
    """The token of a name without its legal form: Acme Corporation and ACME, Inc. have the same."""
    core = core_of_name(name)
    return frozenset({SAME_NAME + core[:LONGEST_KEY]} if core else ())


def email_key(email: str) -> frozenset[str]:
    """The token of an e-mail address, however it is capitalised."""
    return frozenset({SAME_EMAIL + email.strip().casefold()[:LONGEST_KEY]})


def is_shared(email: str) -> bool:
    """Behind this address many people sit."""
    return email.partition("@")[0].strip().casefold() in SHARED_MAILBOXES


def phone_key(e164: str) -> str:
    """The token of a whole phone: the one of its ending, which reads it from its end to its beginning."""
    return min(tokens_of_phone(e164), key=lambda token: token[0] != "-", default="")


def code_key(code: str) -> str:
    """The token of a whole registration code, which is the longest that a code leaves."""
    return max(tokens_of_code(code), key=len, default="")


def keys_of(asked: Mapping[str, Any]) -> list[str]:
    """The tokens under which each thing that can be compared stands in the index."""
    keys: list[str] = []
    if asked.get("name"):
        keys += name_key(asked["name"])
    if asked.get("phone"):
        keys.append(phone_key(asked["phone"]))
    if asked.get("email"):
        keys += email_key(asked["email"])
    if asked.get("registration_code"):
        keys.append(code_key(asked["registration_code"]))
    return [key for key in keys if key]


def telling_keys(asked: Mapping[str, Any]) -> list[str]:
    """The tokens of which a strong likeness has at least one: all but a mailbox that many share, weak by itself."""
    email = None if is_shared(asked.get("email") or "") else asked.get("email")
    return keys_of({**asked, "email": email})


def likeness(one: Mapping[str, Any], other: Mapping[str, Any]) -> Likeness | None:
    """What two customers have in common, given ``kind, name, registration_code, phone, email, city``; None for nothing.

    Strong by itself: the registration code, a mobile phone, the mailbox of one person, a company's name, a name in the
    same city. Weak: what many share, that is a fixed line or switchboard, ``info@``, the name of a person, and a name
    where both cities are known and differ. Two weak reasons of different kinds are strong together. Two different
    registration codes are two bodies in law: then everything else is weak.
    """
    codes = one.get("registration_code"), other.get("registration_code")
    two_bodies = bool(codes[0] and codes[1] and codes[0] != codes[1])
    found: dict[Reason, Strength] = {}
    if codes[0] and codes[0] == codes[1]:
        found["registration_code"] = "strong"
    if one.get("phone") and one["phone"] == other.get("phone"):
        found["phone"] = "strong" if is_mobile(one["phone"]) else "weak"
    if one.get("email") and other.get("email") and email_key(one["email"]) == email_key(other["email"]):
        found["email"] = "weak" if is_shared(one["email"]) else "strong"
    if one.get("name") and other.get("name") and name_key(one["name"]) & name_key(other["name"]):
        cities = [normalized(customer.get("city") or "") for customer in (one, other)]
        if cities[0] and cities[0] == cities[1]:
            found["name_and_city"] = "strong"
        else:
            of_companies = "person" not in (one.get("kind"), other.get("kind"))
            found["name"] = "strong" if of_companies and not all(cities) else "weak"
    if not found:
        return None
    if two_bodies:
        found = dict.fromkeys(found, "weak")
    strong = "strong" in found.values() or (len(found) > 1 and not two_bodies)
    ordered = sorted(found.items(), key=lambda item: (item[1], REASONS.index(item[0])))
    return Likeness(tuple(ordered), "strong" if strong else "weak")
