"""How a person is looked for in words: by names, numbers and addresses, as people write them.

The patterns are read by Postgres and by Python alike, without regard to case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

SHORTEST_NAME = 2
"""A name of one letter is not looked for: it would be found in any word."""
SHORTEST_PHONE = 7
ENDING = 8
"""The last digits of a phone tell it from others, however its beginning is written."""

_LETTER = "[A-Za-z0-9]"
_BETWEEN_DIGITS = "[ ().-]*"
_PHONES = frozenset({"phone", "phones"})


def pattern_of(known: Mapping[str, Iterable[str]], called: str) -> str | None:
    """One pattern for all by which the person is known, by field; None where nothing is."""
    found = sorted({one for field, values in known.items() for value in values for one in _of(field, value, called)})
    return "|".join(sorted(found, key=len, reverse=True)) or None


def endings(known: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The last digits of each phone: files spell the beginning in many ways."""
    for field in _PHONES & known.keys():
        for phone in known[field]:
            if len(digits := _digits(phone)) >= SHORTEST_PHONE:
                yield digits[-ENDING:]


def _of(field: str, value: str, called: str) -> Iterator[str]:
    if field in _PHONES:
        if len(digits := _digits(value)) >= SHORTEST_PHONE:
            yield f"[+]?(?:[0-9]{_BETWEEN_DIGITS})*{_BETWEEN_DIGITS.join(digits[-ENDING:])}(?![0-9])"
    elif len(value) >= SHORTEST_NAME and value.casefold() != called.casefold():
        yield _as_a_word(value)


def _as_a_word(value: str) -> str:
    """A Latin name only as a whole word; Chinese has no spaces between words."""
    words = [re.escape(word).replace('"', r'\\?"') for word in value.split()]
    before = f"(?<!{_LETTER})" if value[0].isascii() and value[0].isalnum() else ""
    after = f"(?!{_LETTER})" if value[-1].isascii() and value[-1].isalnum() else ""
    name = r"\s+".join(words)
    return f"{before}{name}{after}"


def _digits(phone: str) -> str:
    return "".join(filter(str.isdigit, phone))
