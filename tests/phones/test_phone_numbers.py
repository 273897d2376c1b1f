"""One written form for each phone number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    national_significant_number,
    parse,
)

from crm.phones import national_number, normalize_phone


@pytest.mark.parametrize(
    ("text", "e164"),
    [
        ("0086-13812345678", "+8613812345678"),
        ("+86 138 1234 5678", "+8613812345678"),
        ("13812345678", "+8613812345678"),
        ("8613812345678", "+8613812345678"),
        ("１３８１２３４５６７８", "+8613812345678"),
        ("138-1234-5678", "+8613812345678"),
        ("tel:+86-138-1234-5678", "+8613812345678"),
        ("19912345678", "+8619912345678"),
        ("010-62345678", "+861062345678"),
        ("(010) 6234 5678", "+861062345678"),
        ("010-62345678转801", "+861062345678"),
        ("010-62345678 ext. 801", "+861062345678"),
        ("4008001234", "+864008001234"),
        ("400-800-1234", "+864008001234"),
        ("+852 2345 6789", "+85223456789"),
        ("+853 6612 3456", "+85366123456"),
        ("+886 912 345 678", "+886912345678"),
        ("+49 30 901820", "+4930901820"),
    ],
)
def test_a_number_has_one_form_however_it_is_written(text: str, e164: str) -> None:
    assert normalize_phone(text) == e164


@pytest.mark.parametrize(
    "text",
    [
        "12012345678",
        "138123456789",
        "1381234567",
        "+86 12012345678",
        "",
        "   ",
        "n/a",
        "call 13812345678 tomorrow",
        "110",
        "13812345678/13912345678",
        "+" * 40,
        "1" * 65,
        "\x00",
    ],
)
def test_what_no_phone_has_is_no_number(text: str) -> None:
    assert normalize_phone(text) is None


def test_a_number_without_a_country_is_in_the_region_that_is_given() -> None:
    assert normalize_phone("2345 6789", "HK") == "+85223456789"
    assert normalize_phone("2345 6789") is None


def test_the_national_number_is_what_follows_the_country() -> None:
    assert national_number("+8613812345678") == "13812345678"
    assert national_number("nothing") is None


@given(st.text(alphabet="+0123456789 -()转x#.", max_size=30))
def test_normalizing_a_number_twice_is_normalizing_it_once(text: str) -> None:
    once = normalize_phone(text)
    assert once is None or normalize_phone(once) == once


@given(st.from_regex(r"(\+86)?1[0-9]{10}", fullmatch=True))
def test_a_plain_mobile_is_judged_as_the_library_judges_it(text: str) -> None:
    try:
        number = parse(text, "CN")
    except NumberParseException:
        number = None
    valid = number is not None and is_valid_number(number)
    found = normalize_phone(text)
    assert found == (format_number(number, PhoneNumberFormat.E164) if number is not None and valid else None)
    if number is not None and found is not None:
        assert national_number(found) == national_significant_number(number)
