"""Asking for an export. The work itself is ``writing``."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Insert

from crm.contacts.schemas import ContactFilter
from crm.customers.schemas import CustomerFilter
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.exports import events
from crm.exports.queries import EXPORT, may_read
from crm.exports.schemas import ExportCreate
from crm.nouns import Answer
from crm.paging import FRAME, Filter
from crm.recording import creating, record, renamed

FILTERS: Mapping[str, type[Filter]] = {"customers": CustomerFilter, "contacts": ContactFilter}


async def create(access: Access, new: ExportCreate) -> Answer:
    """Ask for a list as a file. Raises ``Forbidden`` for a list one may not read, 422 for filters it does not have."""
    may_read(access, new.noun)
    if new.format == "vcard" and new.noun != "contacts":
        raise invalid("format", "Only contacts can be exported as vCards.", "invalid")
    filters_of(new.noun, new.filters)
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
    known = {field.alias or name for name, field in fields.items()} - FRAME
    unknown = sorted(given.keys() - known)
    errors = [FieldError(f"#/filters/{name}", "This is no filter.", "unknown") for name in unknown]
    try:
        wanted = FILTERS[noun].model_validate({name: value for name, value in given.items() if name in known})
    except ValidationError as error:
        errors += [
            FieldError("#/filters/" + "/".join(map(str, found["loc"])), found["msg"], found["type"])
            for found in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Unprocessable(errors=tuple(errors)) from error
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return wanted


@statement
def _create() -> Insert:
    return creating(EXPORT, ["noun", "format", "filters", "bom", "created_by", "created_by_kind"])
