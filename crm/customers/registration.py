"""Registration codes: the unified social credit code (统一社会信用代码, GB 32100-2015), and those of other registers.

``domain.md`` B12 and its extra checks. A code of 18 characters must be a unified social credit code unless the
customer's address says another country than China. Codes of any other length are foreign, or from before 2015: they
are taken as they are. The check is made when a code is given; a later change of the address does not repeat it.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

LENGTH = 18
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = tuple(pow(3, place, 31) for place in range(LENGTH - 1))
INVALID = "registration_code_invalid"

_VALUES: Mapping[str, int] = MappingProxyType({character: value for value, character in enumerate(ALPHABET)})
_HALF_WIDTH = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)}


def normalized_code(text: str) -> str:
    """A code as it is kept: upper-case, half-width, without blanks. Normalising twice is normalising once."""
    return "".join(text.translate(_HALF_WIDTH).split()).upper()


def check_character(code: str) -> str:
    """The character that must follow the first 17 of a code. Raises KeyError for characters that no code has."""
    total = sum(_VALUES[character] * weight for character, weight in zip(code[: LENGTH - 1], WEIGHTS, strict=True))
    return ALPHABET[-total % 31]


def fault(code: str) -> str | None:
    """What is wrong with a normalised code that would have to be a unified social credit code; None for others too."""
    if len(code) != LENGTH:
        return None
    if not _VALUES.keys() >= set(code):
        place, character = next((place, one) for place, one in enumerate(code, 1) if one not in _VALUES)
        return f"A unified social credit code has no {character!r}, as at position {place}: only {ALPHABET}."
    expected = check_character(code)
    if code[-1] != expected:
        return f"The last character of this unified social credit code must be {expected}, by what stands before it."
    return None


def is_chinese(address: Mapping[str, Any] | None) -> bool:
    """Whether a customer with this address is taken for one in China: no country says China."""
    return (address or {}).get("country") in {None, "CN"}
