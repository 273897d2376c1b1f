"""Whether a message may go out: one pure rule, asked when it is sent and not when it was planned."""

from dataclasses import dataclass
from typing import NamedTuple

from crm.consents.vocabulary import Because, Purpose, Status
from crm.contacts.vocabulary import LegalBasis

NEEDS_SEPARATE_CONSENT: frozenset[Purpose] = frozenset({"sensitive", "location", "sharing", "abroad"})
"""Sensitive data, whereabouts, handing on to others, taking abroad: each asked for by itself (PIPL 23, 29, 39)."""

RESTS_ON_A_CONTRACT: frozenset[Purpose] = frozenset({"service"})
"""What a contract or a legal duty needs is done without consent (PIPL 13); nothing else is."""

_DUTIES: frozenset[LegalBasis] = frozenset({"contract", "legal_duty"})


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands to being written to: all that the rule looks at."""

    do_not_contact: bool
    archived: bool
    erased: bool
    legal_basis: LegalBasis | None
    objected_elsewhere: bool = False


class Verdict(NamedTuple):
    """Whether, and why or why not."""

    allowed: bool
    because: Because


def may_contact(purpose: Purpose, standing: Standing, consent: Status | None) -> Verdict:
    """Whether an automated message for this purpose may go to this person (``domain.md`` C3 rule 13, B12).

    ``consent`` is the last word of the ledger for the purpose. Do-not-contact, of the person or of the customer,
    stops everything, also where it was said in another file with the same phone or e-mail; so does a consent
    withdrawn. Where nothing was ever said, only what a contract or a legal duty needs may go out. There is no purpose
    that need not ask.
    """
    stopping: tuple[tuple[bool, Because], ...] = (
        (standing.erased, "erased"),
        (standing.archived, "archived"),
        (standing.do_not_contact, "do_not_contact"),
        (standing.objected_elsewhere, "objected_elsewhere"),
        (consent == "withdrawn", "withdrawn"),
    )
    for stops, because in stopping:
        if stops:
            return Verdict(False, because)
    if consent == "given":
        return Verdict(True, "consented")
    owed = purpose in RESTS_ON_A_CONTRACT and standing.legal_basis in _DUTIES
    return Verdict(True, "contract") if owed else Verdict(False, "no_consent")
