"""Kinds of fields of workspaces and people, checked once and described once."""

from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from crm.clock import is_zone
from crm.workspaces.currencies import CURRENCIES
from crm.workspaces.rules import SCOPES


def _zone(name: str) -> str:
    if not is_zone(name):
        raise ValueError("This is not the IANA name of a time zone, such as Asia/Shanghai.")
    return name


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise ValueError("This is not an ISO 4217 currency code, such as CNY.")
    return code


def _scope(scope: str) -> str:
    if scope not in SCOPES:
        raise ValueError("There is no such scope.")
    return scope


Zone = Annotated[
    str,
    StringConstraints(max_length=64),
    AfterValidator(_zone),
    Field(description="IANA name.", examples=["Asia/Shanghai"]),
]
Currency = Annotated[
    str, StringConstraints(max_length=3), AfterValidator(_currency), Field(description="ISO 4217.", examples=["CNY"])
]
Scope = Annotated[
    str, StringConstraints(max_length=40), AfterValidator(_scope), Field(json_schema_extra={"enum": sorted(SCOPES)})
]
Password = Annotated[str, StringConstraints(max_length=1024), Field(examples=["correct horse battery"])]
Device = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
OwnId = Annotated[UUID | None, Field(description="Made by the client if it wants to; UUIDv7 advised.")]
