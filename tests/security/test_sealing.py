"""Sealed secrets: only the place they were sealed for opens them."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.sealing import Place, SealBroken, Sealer, derive

SECRET_KEY = "a secret key for tests, long enough"
SEALER = Sealer(SECRET_KEY)
PLACE = Place("webhook_endpoints", "secret", uuid4(), uuid4())


@given(st.binary(max_size=300))
def test_what_was_sealed_opens_at_its_place(secret: bytes) -> None:
    assert SEALER.open(SEALER.seal(secret, PLACE), PLACE) == secret


def test_another_sealer_with_the_same_key_opens_it() -> None:
    assert Sealer(SECRET_KEY).open(SEALER.seal(b"whsec", PLACE), PLACE) == b"whsec"


def test_the_same_secret_looks_different_each_time_and_does_not_show() -> None:
    once, again = SEALER.seal(b"whsec_visible", PLACE), SEALER.seal(b"whsec_visible", PLACE)
    assert once != again
    assert b"visible" not in once


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(PLACE, table="sessions"),
        replace(PLACE, column="previous_secret"),
        replace(PLACE, workspace_id=uuid4()),
        replace(PLACE, row_id=uuid4()),
    ],
    ids=["table", "column", "workspace", "row"],
)
def test_a_sealed_text_moved_to_another_place_does_not_open(elsewhere: Place) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(SEALER.seal(b"whsec", PLACE), elsewhere)


def test_another_secret_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        Sealer(SECRET_KEY + "!").open(SEALER.seal(b"whsec", PLACE), PLACE)


def test_cut_anywhere_it_does_not_open() -> None:
    sealed = SEALER.seal(b"whsec", PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            SEALER.open(sealed[:length], PLACE)


def test_any_flipped_bit_breaks_the_seal() -> None:
    sealed = SEALER.seal(b"whsec", PLACE)
    for position in range(len(sealed) * 8):
        altered = bytearray(sealed)
        altered[position // 8] ^= 1 << position % 8
        with pytest.raises(SealBroken):
            SEALER.open(bytes(altered), PLACE)


@given(st.binary(max_size=100))
def test_bytes_that_were_never_sealed_do_not_open(noise: bytes) -> None:
    with pytest.raises(SealBroken):
        SEALER.open(noise, PLACE)


def test_each_purpose_has_its_own_key() -> None:
    assert derive(SECRET_KEY, "a") != derive(SECRET_KEY, "b")
    assert derive(SECRET_KEY, "a") == derive(SECRET_KEY, "a")
    assert len(derive(SECRET_KEY, "a")) == 32


def test_a_short_secret_key_is_refused_at_the_start() -> None:
    with pytest.raises(ValueError, match="at least 32"):
        Sealer("short")
