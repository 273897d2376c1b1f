"""The one rule that every automated message asks."""

from dataclasses import replace
from typing import get_args

import pytest

from crm.consents.rules import Standing, may_contact
from crm.consents.vocabulary import Because, Purpose, Status
from crm.contacts.vocabulary import LegalBasis

WILLING = Standing(do_not_contact=False, archived=False, erased=False, legal_basis=None)
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
BASES: tuple[LegalBasis | None, ...] = (None, *get_args(LegalBasis))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_consent_given_lets_a_message_out_and_consent_withdrawn_stops_it(purpose: Purpose) -> None:
    assert may_contact(purpose, WILLING, "given") == (True, "consented")
    assert may_contact(purpose, replace(WILLING, legal_basis="contract"), "withdrawn") == (False, "withdrawn")


@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("basis", BASES)
def test_where_nothing_was_said_only_a_contract_or_a_duty_lets_service_out(
    purpose: Purpose, basis: LegalBasis | None
) -> None:
    allowed = purpose == "service" and basis in {"contract", "legal_duty"}
    because: Because = "contract" if allowed else "no_consent"
    assert may_contact(purpose, replace(WILLING, legal_basis=basis), None) == (allowed, because)


@pytest.mark.parametrize(
    ("standing", "because"),
    [
        (replace(WILLING, do_not_contact=True), "do_not_contact"),
        (replace(WILLING, objected_elsewhere=True), "objected_elsewhere"),
        (replace(WILLING, objected_elsewhere=True, do_not_contact=True), "do_not_contact"),
        (replace(WILLING, do_not_contact=True, archived=True), "archived"),
        (replace(WILLING, do_not_contact=True, archived=True, erased=True), "erased"),
    ],
)
@pytest.mark.parametrize("purpose", PURPOSES)
@pytest.mark.parametrize("consent", [None, "given", "withdrawn"])
def test_no_consent_and_no_purpose_goes_past_do_not_contact(
    standing: Standing, because: Because, purpose: Purpose, consent: Status | None
) -> None:
    assert may_contact(purpose, replace(standing, legal_basis="contract"), consent) == (False, because)
