"""Links of strangers: their tokens say nothing but where to look, and only their hash is kept."""

import hashlib
from base64 import urlsafe_b64decode
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.errors import NotFound
from crm.strangers.links import LONGEST_TOKEN, Links, Purpose, new_link, read

HOME = uuid4()
MAKER = Links("a secret key for tests that is long enough")


def test_a_new_link_is_read_back_with_its_workspace_and_the_hash_that_is_kept() -> None:
    made = new_link(Purpose.SURVEY, HOME)
    assert read(Purpose.SURVEY, made.token) == (HOME, made.token_hash)
    assert len(made.token) == LONGEST_TOKEN
    assert hashlib.sha256(urlsafe_b64decode(made.token + "==")).digest() == made.token_hash


def test_no_two_links_are_alike_and_each_has_256_bits_that_nothing_tells() -> None:
    made = {new_link(Purpose.COMPLAINT_FORM, HOME).token for _ in range(1000)}
    assert len(made) == 1000
    assert all(len(urlsafe_b64decode(token + "==")) - 17 == 32 for token in made)


def test_a_link_for_one_purpose_is_none_for_another() -> None:
    made = new_link(Purpose.COMPLAINT_STATUS, HOME)
    for purpose in set(Purpose) - {Purpose.COMPLAINT_STATUS}:
        with pytest.raises(NotFound):
            read(purpose, made.token)


def test_a_link_that_must_be_told_twice_is_the_same_each_time_and_anothers_with_another_key() -> None:
    row = uuid4()
    first = MAKER.of(Purpose.COMPLAINT_STATUS, HOME, row)
    assert MAKER.of(Purpose.COMPLAINT_STATUS, HOME, row) == first
    assert read(Purpose.COMPLAINT_STATUS, first.token) == (HOME, first.token_hash)
    others = [
        MAKER.of(Purpose.COMPLAINT_STATUS, HOME, uuid4()),
        MAKER.of(Purpose.COMPLAINT_STATUS, uuid4(), row),
        MAKER.of(Purpose.SURVEY, HOME, row),
        Links("another secret key that is long enough too").of(Purpose.COMPLAINT_STATUS, HOME, row),
    ]
    assert len({first.token[-40:], *(other.token[-40:] for other in others)}) == 5


@given(st.text(max_size=100))
def test_whatever_text_comes_is_no_link_and_no_failure(text: str) -> None:
    with pytest.raises(NotFound):
        read(Purpose.SURVEY, text)


@given(st.text(alphabet=st.characters(min_codepoint=45, max_codepoint=122), min_size=66, max_size=66))
def test_what_looks_like_a_link_is_read_in_one_spelling_only(text: str) -> None:
    try:
        found = read(Purpose.SURVEY, text)
    except NotFound:
        return
    assert hashlib.sha256(urlsafe_b64decode(text + "==")).digest() == found.token_hash


def test_the_spare_bits_of_the_last_letter_give_no_second_spelling() -> None:
    made = new_link(Purpose.SURVEY, HOME).token
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    accepted = []
    for letter in alphabet:
        try:
            read(Purpose.SURVEY, made[:-1] + letter)
            accepted.append(letter)
        except NotFound:
            continue
    # Two of its six bits count: each of four letters is a token of right form, and three of them stand for others.
    assert len(accepted) == 4
