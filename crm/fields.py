"""Kinds of fields that features share: what crosses the boundary, checked once and described once."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from email_validator import SPECIAL_USE_DOMAIN_NAMES
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from crm.phones import normalize_phone

FORMULA_SIGNS = frozenset("=+-@\t\r\n＝＋－＠")
"""What a cell begins with that a spreadsheet runs (CWE-1236)."""

_PLAIN_EMAIL = re.compile(
    r"(?P<local>[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@(?P<domain>(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+[a-z]{2,63})"
)
_BREAKING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HIDING = re.compile(r"[\u200b\u202a-\u202e\u2066-\u2069\ufeff]")
_UNSEEN = re.compile(f"{_BREAKING.pattern}|{_HIDING.pattern}")
_MOMENT = re.compile(r"\s*\d{4}-\d")
_SPECIAL = tuple(f".{name}" for name in SPECIAL_USE_DOMAIN_NAMES)


class Sent(BaseModel):
    """What a caller sends. Unknown fields are refused, never ignored."""

    model_config = ConfigDict(extra="forbid")


class Shown(BaseModel):
    """What a caller gets. Describes what Postgres writes; it is never used to build an answer."""

    model_config = ConfigDict(extra="forbid")


def like(**example: Any) -> ConfigDict:
    """The configuration of a model of which this is an example, for the documentation."""
    return ConfigDict(json_schema_extra={"examples": [example]})


def kept(*, alias: str | None = None) -> Any:
    """A field that keeps its present value when it is not sent, and cannot be set to null."""
    return Field(default_factory=lambda: None, alias=alias)


def _phone(text: str) -> str:
    found = normalize_phone(text)
    if found is None:
        raise ValueError("This is not a phone number that can be dialled.")
    return found


def _one_line(text: str) -> str:
    """What people see on one line: breaks and tabs are blanks, and marks that only turn or hide text are dropped."""
    if _UNSEEN.search(text):
        text = " ".join(_HIDING.sub("", _BREAKING.sub(" ", text)).split())
    if not any(map(str.isprintable, text)):
        raise PydanticCustomError("string_blank", "There must be something to see in this text.")
    return text


def _written_moment(value: Any) -> Any:
    """No number, nor one as text: it would be seconds since 1970, which nobody means who asks for 2026."""
    if isinstance(value, datetime) or (isinstance(value, str) and _MOMENT.match(value)):
        return value
    raise PydanticCustomError("datetime_type", "This must be a moment such as 2026-11-22T01:02:03Z.")


def is_plain_email(text: str) -> bool:
    """Whether this is plainly an address, written just as it would be kept; the full check takes 100 µs more.

    False says nothing: then the full check decides.
    """
    found = _PLAIN_EMAIL.fullmatch(text) if len(text) <= 254 else None
    return (
        found is not None
        and len(found["local"]) <= 64
        and all(len(label) <= 63 for label in found["domain"].split("."))
        and not f".{found['domain']}".endswith(_SPECIAL)
    )


def _quickly(value: Any, otherwise: ValidatorFunctionWrapHandler) -> Any:
    return value if isinstance(value, str) and is_plain_email(value) else otherwise(value)


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(_one_line)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_one_line)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=20_000)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, min_length=1, max_length=40)]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=50)]
Phone = Annotated[
    str,
    StringConstraints(max_length=40),
    AfterValidator(_phone),
    Field(description="Any usual spelling; kept in E.164, mainland China unless a country code says otherwise."),
]
Email = Annotated[EmailStr, WrapValidator(_quickly), StringConstraints(max_length=254)]
# asyncpg takes the first and the last moment that Python knows for -infinity and infinity, which no answer can show.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1900, 1, 1, tzinfo=UTC), lt=datetime(3000, 1, 1, tzinfo=UTC)),
    Field(description="RFC 3339 with an offset, from 1900 to 2999."),
    BeforeValidator(_written_moment),
]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Longitude = Annotated[float, Field(ge=-180, le=180)]
