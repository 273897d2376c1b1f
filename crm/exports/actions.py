"""Asking for an export. The work itself is ``writing``."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from pydantic import ValidationError
from sqlalchemy import Insert

from crm.complaints.listing import ComplaintFilter
from crm.contacts.schemas import ContactFilter
from crm.customers.listing import CustomerFilter
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.exports import events
from crm.exports.queries import EXPORT, may_read
from crm.exports.schemas import ExportCreate
from crm.finding import asked
from crm.nouns import Answer
from crm.opportunities.schemas import OpportunityFilter
from crm.paging import CUSTOM, FRAME, CustomFilter, Filter
from crm.recording import creating, record, renamed
from crm.workspaces.custom_filters import custom_values
from crm.workspaces.vocabulary import CustomNoun

FILTERS: Mapping[str, type[Filter]] = {
    "customers": CustomerFilter,
    "contacts": ContactFilter,
    "opportunities": OpportunityFilter,
    "complaints": ComplaintFilter,
}
ONE: Mapping[str, CustomNoun] = {"customers": "customer", "contacts": "contact"}
"""The lists whose items have fields of the workspace's own, and what one of them is called."""
NEVER_ARCHIVED = frozenset({"complaints"})
"""Lists of what is over one day, and never put aside."""

NO_TEXT = "A text, a number, true or false, or a list of these."


async def create(access: Access, new: ExportCreate) -> Answer:
    """Ask for a list as a file. Raises ``Forbidden`` for a list one may not read, 422 for filters it does not have."""
    may_read(access, new.noun)
    if new.format == "vcard" and new.noun != "contacts":
        raise invalid("format", "Only contacts can be exported as vCards.", "invalid")
    await values_of(access, new.noun, filters_of(new.noun, new.filters))
    values = {
        "noun": new.noun,
        "format": new.format,
        "filters": new.filters,
        "bom": new.bom,
        "created_by": access.actor.id,
        "created_by_kind": access.actor.kind,
    }
    created = await record(access, events.CREATED, _create(), **renamed(values))
    if created is None:
        raise RuntimeError("an export was not created")
    return created


def filters_of(noun: str, given: Mapping[str, Any]) -> Filter:
    """The filters, checked as the list checks its query. Raises 422 naming each that is wrong."""
    fields = FILTERS[noun].model_fields
    own = {name: value for name, value in given.items() if name.startswith(CUSTOM)}
    known = {field.alias or name for name, field in fields.items()} - FRAME
    unknown = sorted(given.keys() - known - own.keys())
    errors = [FieldError(f"#/filters/{name}", "This is no filter.", "unknown") for name in unknown]
    texts = {name: _texts(value) for name, value in own.items()}
    errors += [FieldError(f"#/filters/{name}", NO_TEXT, "invalid") for name, found in texts.items() if found is None]
    try:
        wanted = FILTERS[noun].model_validate({name: value for name, value in given.items() if name in known} | texts)
    except ValidationError as error:
        errors += [
            FieldError("#/filters/" + "/".join(map(str, found["loc"])), found["msg"], found["type"])
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Unprocessable(errors=tuple(errors)) from error
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return wanted


async def values_of(access: Access, noun: str, wanted: Filter) -> tuple[dict[str, Any], frozenset[str]]:
    """The parameters of the list's filters, and which are in force.

    Raises 422 for a field of a workspace's own that is not defined, or a value that none can have.
    """
    put_aside = {} if noun in NEVER_ARCHIVED else {"archived": getattr(wanted, "archived", False)}
    given, present = asked(wanted.given() | put_aside)
    if isinstance(wanted, CustomFilter) and (fields := wanted.custom()):
        try:
            values, names = await custom_values(access, ONE[noun], fields)
        except Unprocessable as problem:
            moved = (replace(error, pointer=error.pointer.replace("query:", "#/filters/")) for error in problem.errors)
            raise Unprocessable(errors=tuple(moved)) from problem
        given, present = given | values, present | names
    return given, present


def _texts(value: Any) -> list[str] | None:
    """Values of a field of one's own as a query would have them; None for what a query cannot say."""
    several = value if isinstance(value, list) else [value]
    if not all(isinstance(one, str | bool | int | float) for one in several):
        return None
    return [one if isinstance(one, str) else orjson.dumps(one).decode() for one in several]


@statement
def _create() -> Insert:
    return creating(EXPORT, ["noun", "format", "filters", "bom", "created_by", "created_by_kind"])
