"""Titles of tasks that rules make: a few places in a text, filled in; nothing in a template is ever run."""

import re
from collections.abc import Mapping

PLACES = ("customer", "name", "date", "days")
"""``customer`` its name; ``name`` of what the task is about; ``date`` and ``days`` of what the rule watches."""

LONGEST_TITLE = 500
_PLACE = re.compile(r"\{([^{}]*)\}")


def unknown_places(text: str) -> list[str]:
    """What stands in braces and is no place."""
    return [place for place in _PLACE.findall(text) if place not in PLACES]


def filled(words: Mapping[str, str], language: str, values: Mapping[str, str]) -> str:
    """The words in this language, in the first there is where it is not among them, with their places filled."""
    text = words.get(language) or next(iter(words.values()))
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), text).strip()[:LONGEST_TITLE]
