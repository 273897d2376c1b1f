"""Fields that a workspace defines for itself: what a value may be, as pure rules.

Where a workspace has defined no field of a noun, its ``custom`` takes any values, as before. From the first definition
on only defined keys are taken, each with a value of its type. Values of archived fields, and values that a record has
had before, may be sent back as they are. An import keeps columns that nobody defined, as text.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any

from crm.errors import FieldError
from crm.workspaces.vocabulary import CustomType

LONGEST_TEXT = 2000
LARGEST = 2**53
"""Whole numbers up to here are the same for every program that reads JSON."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_GROUPS = re.compile(r"(?<=[0-9])[,，](?=[0-9]{3})")
"""Where digits are grouped. Before one or two of them it is a decimal comma, or a slip: nobody guesses."""
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_YES = frozenset({"true", "yes", "y", "1", "是"})
_NO = frozenset({"false", "no", "n", "0", "否"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A field: of which type, with which options where it is a choice, and whether a record must have it."""

    key: str
    type: CustomType
    options: tuple[str, ...] = ()
    required: bool = False
    archived: bool = False

    def wrong(self, value: object) -> tuple[str, str] | None:
        """What is wrong with a value, and its code; None where nothing is."""
        fits, message, code = _RULES[self.type]
        if self.archived or fits(self, value):
            return None
        return message.format(options=", ".join(self.options), longest=LONGEST_TEXT), code

    def read(self, text: str) -> Any:
        """The value that a text stands for, in a file or a query. Raises ValueError, whose text says what is wrong."""
        value: Any = text.strip()
        if self.type == "number" and _NUMBER.fullmatch(digits := _GROUPS.sub("", value)):
            number = float(digits)
            value = int(number) if number.is_integer() and abs(number) <= LARGEST else number
        elif self.type == "boolean" and value.lower() in _YES | _NO:
            value = value.lower() in _YES
        if found := replace(self, archived=False).wrong(value):
            raise ValueError(found[0])
        return value


def _is_date(_: Definition, value: object) -> bool:
    try:
        return isinstance(value, str) and bool(_DATE.fullmatch(value)) and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_number(_: Definition, value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST


_RULES: Mapping[CustomType, tuple[Callable[[Definition, object], bool], str, str]] = MappingProxyType(
    {
        "text": (
            lambda _, value: isinstance(value, str) and 0 < len(value) <= LONGEST_TEXT,
            "This must be text of 1 to {longest} characters.",
            "string_type",
        ),
        "number": (_is_number, "This must be a number.", "number_type"),
        "date": (_is_date, "This must be a date such as 2026-11-22.", "date_parsing"),
        "boolean": (lambda _, value: isinstance(value, bool), "This must be true or false.", "boolean_type"),
        "choice": (lambda field, value: value in field.options, "This must be one of {options}.", "not_a_choice"),
    }
)

Definitions = Mapping[str, Definition]


def definitions(rows: Iterable[Mapping[str, Any]]) -> Mapping[str, Definitions]:
    """The definitions of a workspace by noun and key."""
    found: dict[str, dict[str, Definition]] = {}
    for row in rows:
        one = Definition(row["key"], row["type"], tuple(row["options"]), row["required"], row["archived"])
        found.setdefault(row["noun"], {})[one.key] = one
    return found


def checked(
    known: Definitions, sent: Mapping[str, Any], had: Mapping[str, Any] = MappingProxyType({})
) -> tuple[dict[str, Any], list[FieldError]]:
    """The values to keep, and everything that is wrong. Null is no value; ``had`` are the values there were before."""
    if not any(not one.archived for one in known.values()):
        return dict(sent), []
    values = {key: value for key, value in sent.items() if value is not None}
    errors = []
    for key, value in values.items():
        if key in had and had[key] == value:
            continue
        definition = known.get(key)
        found = ("There is no such field.", "unknown") if definition is None else definition.wrong(value)
        if found is not None:
            errors.append(_error(key, found))
    errors += [
        _error(one.key, ("A value is required.", "required"))
        for one in known.values()
        if one.required and not one.archived and one.key not in values
    ]
    return values, errors


def read_all(known: Definitions, texts: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Values of a file, those of defined fields by their type, and what is wrong, by key.

    What nobody defined stays as it is, and nothing is required.
    """
    values, errors = dict(texts), {}
    for key, text in texts.items():
        if key in known and isinstance(text, str):
            try:
                values[key] = known[key].read(text)
            except ValueError as error:
                errors[key] = str(error)
    return values, errors


def _error(key: str, found: tuple[str, str]) -> FieldError:
    escaped = key.replace("~", "~0").replace("/", "~1")
    return FieldError(f"#/custom/{escaped}", *found)
