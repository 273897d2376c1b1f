"""Whether a fact fits a rule's trigger: tests of fields and of their changes, as data. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from crm.errors import FieldError
from crm.task_rules.vocabulary import Operator

OF_CHANGES = frozenset({"changed", "changed_to", "changed_from"})
WITHOUT_VALUE = frozenset({"is_set", "is_not_set", "changed"})
OF_LISTS = frozenset({"in", "not_in"})
OF_NUMBERS = frozenset({"at_least", "at_most"})

Schema = Mapping[str, Any]


def matches(where: Iterable[Mapping[str, Any]], payload: Mapping[str, Any], changes: Mapping[str, Any] | None) -> bool:
    """Whether all the tests hold. What is not comparable does not hold; nothing raises."""
    return all(_holds(test, payload, changes or {}) for test in where)


def _holds(test: Mapping[str, Any], payload: Mapping[str, Any], changes: Mapping[str, Any]) -> bool:
    operator, value = test["operator"], test.get("value")
    if operator in OF_CHANGES:
        before, after = changes.get(test["field"], (None, None))
        moved = test["field"] in changes
        return moved and (operator == "changed" or (after if operator == "changed_to" else before) == value)
    return _OPERATORS[operator](_at(payload, test["field"]), value)


def _at(payload: Any, path: str) -> Any:
    for name in path.split("."):
        payload = payload.get(name) if isinstance(payload, Mapping) else None
    return payload


def _at_least(found: Any, value: Any) -> bool:
    numbers = _number(found), _number(value)
    if None not in numbers:
        return bool(numbers[0] >= numbers[1])  # type: ignore[operator]  # neither is None
    return isinstance(found, str) and isinstance(value, str) and found >= value


def _at_most(found: Any, value: Any) -> bool:
    numbers = _number(found), _number(value)
    if None not in numbers:
        return bool(numbers[0] <= numbers[1])  # type: ignore[operator]  # neither is None
    return isinstance(found, str) and isinstance(value, str) and found <= value


def _number(value: Any) -> float | None:
    """A number, or the amount of a sum of money, which the API writes as text."""
    if isinstance(value, Mapping):
        value = value.get("amount")
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _contains(found: Any, value: Any) -> bool:
    if isinstance(found, str):
        return isinstance(value, str) and value in found
    return isinstance(found, list) and value in found


_OPERATORS: Mapping[Operator, Callable[[Any, Any], bool]] = MappingProxyType(
    {
        "equals": lambda found, value: found == value,
        "not_equals": lambda found, value: found != value,
        "in": lambda found, value: found in value,
        "not_in": lambda found, value: found not in value,
        "at_least": _at_least,
        "at_most": _at_most,
        "contains": _contains,
        "is_set": lambda found, _: found not in (None, [], {}, ""),
        "is_not_set": lambda found, _: found in (None, [], {}, ""),
    }
)


def faults(where: Iterable[Mapping[str, Any]], schema: Schema) -> Iterator[FieldError]:
    """What is wrong with tests of an event whose published shape is this JSON Schema."""
    for place, test in enumerate(where):
        at = f"#/trigger/where/{place}"
        operator, value = test["operator"], test.get("value")
        root = test["field"].split(".", 1)[0] if operator in OF_CHANGES else test["field"]
        found = _described(schema, root)
        if found is None or (operator in OF_CHANGES and "." in test["field"]):
            yield FieldError(f"{at}/field", "The event has no such field.", "unknown")
        elif operator in WITHOUT_VALUE:
            if value is not None:
                yield FieldError(f"{at}/value", "This operator takes no value.", "unexpected")
        elif isinstance(value, list) != (operator in OF_LISTS):
            yield FieldError(f"{at}/value", "A list for `in` and `not_in`, one value for the others.", "invalid")
        elif operator not in OF_NUMBERS | {"contains"}:
            values = value if isinstance(value, list) else [value]
            if any(not _may_be(found, schema, one) for one in values):
                yield FieldError(f"{at}/value", "The field never has such a value.", "invalid")


def _described(schema: Schema, path: str) -> Schema | None:
    """What the shape says of a field: its schema, or None where there is no such field."""
    here: Schema = schema
    for name in path.split("."):
        options = [_resolved(one, schema) for one in (here.get("anyOf") or [here])]
        found = next((one["properties"][name] for one in options if name in one.get("properties", {})), None)
        if found is None:
            # An object of any content, such as the fields of a workspace's own.
            is_open = any(one.get("additionalProperties") not in (None, False) for one in options)
            return {} if is_open else None
        here = _resolved(found, schema)
    return here


def _resolved(schema: Schema, whole: Schema) -> Schema:
    reference = schema.get("$ref")
    return whole["$defs"][reference.rsplit("/", 1)[1]] if reference else schema


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _may_be(schema: Schema, whole: Schema, value: Any) -> bool:
    here = _resolved(schema, whole)
    if "anyOf" in here:
        return any(_may_be(one, whole, value) for one in here["anyOf"])
    if "const" in here:
        return bool(value == here["const"])
    if "enum" in here:
        return value in here["enum"]
    fits = _TYPES.get(here.get("type", ""))
    return fits is None or fits(value)
