"""Phone numbers: one written form for each (E.164), so that the same number is the same text everywhere."""

import re
import unicodedata
from typing import Any

from phonenumbers import (
    NumberParseException,
    PhoneMetadata,
    PhoneNumberFormat,
    PhoneNumberType,
    format_number,
    is_valid_number,
    national_significant_number,
    number_type,
    parse,
)

LONGEST = 64


def _mainland_mobile() -> re.Pattern[str]:
    """A mainland mobile as most people write it, by the library's own numbering plan, so that both say the same."""
    plan: Any = PhoneMetadata.metadata_for_region("CN")
    pattern = plan.mobile.national_number_pattern
    return re.compile(f"(?:\\+86)?({pattern})", re.ASCII)


_MAINLAND_MOBILE = _mainland_mobile()
_WRITTEN = re.compile(
    r"(?:tel:)?\s*(?P<number>[+\d\s()./\-‐-―−·]+?)\s*(?:(?:ext\.?|x|转|轉|分机|#)\s*\d{1,8})?", re.IGNORECASE
)


def normalize_phone(text: str, region: str = "CN") -> str | None:
    """The number in E.164 (``+8613812345678``), or None when no phone has it.

    ``region`` says which country a number without one is in. An extension is dropped. Validity is that of the
    numbering plan; it says nothing about carriers, because numbers move between them.
    """
    if region == "CN" and (mobile := _MAINLAND_MOBILE.fullmatch(text)):
        return f"+86{mobile[1]}"
    if len(text) > LONGEST:
        return None
    written = _WRITTEN.fullmatch(unicodedata.normalize("NFKC", text).strip())
    if written is None:
        return None
    try:
        number = parse(written["number"], region)
    except NumberParseException:
        return None
    return format_number(number, PhoneNumberFormat.E164) if is_valid_number(number) else None


def national_number(e164: str) -> str | None:
    """The digits after the country: ``+8613812345678`` is 13812345678. None for what is no number."""
    if e164.startswith("+") and (mobile := _MAINLAND_MOBILE.fullmatch(e164)):
        return str(mobile[1])
    try:
        return national_significant_number(parse(e164))
    except NumberParseException:
        return None


def is_mobile(e164: str) -> bool:
    """Whether the number is one person's, as far as the numbering plan tells it from fixed lines and switchboards."""
    try:
        return number_type(parse(e164)) in {PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE}
    except NumberParseException:
        return False
