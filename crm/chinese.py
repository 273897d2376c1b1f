"""What problem answers say, in Simplified Chinese: found by the English sentence, as ``chinese.toml`` has it.

So a rule says what is wrong in one language, where it stands, and a message that was kept (of a line of an import)
is found too. ``tests/guards/test_chinese.py`` names each sentence of the code that has no Chinese.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PLACE = re.compile(r"\{(\w+)\}")


class _Template(NamedTuple):
    english: re.Pattern[str]
    chinese: str


class Catalogue(NamedTuple):
    """Sentences without values, sentences with values (those that say the most first), and words."""

    sentences: dict[str, str]
    templates: tuple[_Template, ...]
    words: dict[str, str]


def written() -> dict[str, dict[str, str]]:
    """The catalogue as it is written: English → Chinese by section."""
    return tomllib.loads(Path(__file__).with_name("chinese.toml").read_text(encoding="utf-8"))


@cache
def catalogue() -> Catalogue:
    """The catalogue, read once."""
    sections = written()
    words = sections.pop("words")
    whole = {english: said for section in sections.values() for english, said in section.items()}
    with_values = sorted((one for one in whole if _PLACE.search(one)), key=lambda one: -len(_PLACE.sub("", one)))
    return Catalogue(
        {english: said for english, said in whole.items() if not _PLACE.search(english)},
        tuple(_Template(_pattern(one), whole[one]) for one in with_values),
        words,
    )


def in_chinese(message: str) -> str | None:
    """The same in Chinese; None where the catalogue does not know it."""
    known = catalogue()
    if (said := known.sentences.get(message)) is not None:
        return said
    for template in known.templates:
        if found := template.english.fullmatch(message):
            values = {name: _word(value, known.words) for name, value in found.groupdict().items()}
            return template.chinese.format_map(values)
    return None


def _pattern(english: str) -> re.Pattern[str]:
    pieces = _PLACE.split(english)
    return re.compile(
        "".join(f"(?P<{piece}>.*?)" if place % 2 else re.escape(piece) for place, piece in enumerate(pieces)), re.DOTALL
    )


def _word(value: str, words: dict[str, str]) -> str:
    """A value as Chinese has it: several are joined by its own marks."""
    said = value.replace("', '", "'、'").replace(" or ", " 或 ")
    return words.get(value.replace("_", " "), words.get(value, said))
