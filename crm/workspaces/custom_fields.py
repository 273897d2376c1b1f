"""Fields that a workspace defines for itself (自定义字段): how one looks, and everything that reads and changes them.

The definitions travel with the actor, as the settings do, so that most writes look nothing up. They may be a moment
old: before anything is refused, they are read anew.
"""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Uuid,
    bindparam,
    func,
    select,
    text,
    true,
)

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import Unprocessable, invalid
from crm.nouns import Answer, Noun
from crm.reading import Listing, among
from crm.recording import changing, creating, explain, record, renamed
from crm.tables import stamps, utc
from crm.workspaces import events
from crm.workspaces.custom_rules import Definitions, checked, definitions
from crm.workspaces.custom_schemas import CustomFieldCreate, CustomFieldFilter, CustomFieldUpdate
from crm.workspaces.errors import CustomFieldArchived, CustomFieldTaken
from crm.workspaces.models import ONE_FIELD_PER_KEY, custom_fields
from crm.workspaces.vocabulary import CustomNoun

TAKEN = {ONE_FIELD_PER_KEY: CustomFieldTaken}


def shape(field: FromClause) -> Select[Any]:
    """A field, once: the answer and the event."""
    c = field.c
    return select(
        c.id, c.noun, c.key, c.label, c.label_zh, c.type, c.options, c.required,
        utc(c.archived_at).label("archived_at"), *stamps(field),
    ).select_from(field)  # fmt: skip


def visible(_: Sight) -> ColumnElement[bool]:
    """Everyone of a workspace must know its fields."""
    return true()


CUSTOM_FIELD = Noun("custom_field", custom_fields, shape, visible, customer=None)
LIST = Listing(
    CUSTOM_FIELD,
    sorts={"created_at": custom_fields.c.created_at, "key": custom_fields.c.key},
    filters={
        **among(custom_fields, ["noun", "type"]),
        "archived": custom_fields.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def page(access: Access, wanted: CustomFieldFilter) -> bytes:
    """A page of fields, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})


async def get(access: Access, field_id: UUID) -> Answer:
    """One field. Raises ``NotFound``."""
    return await reading.one(access, CUSTOM_FIELD, field_id)


async def create(access: Access, new: CustomFieldCreate) -> Answer:
    """Define a field. Raises ``CustomFieldTaken``, ``AlreadyExists``."""
    values = new.model_dump(exclude_none=True)
    made = await record(
        access, events.CUSTOM_FIELD_CREATED, _create(frozenset(values)), refusals=TAKEN, **renamed(values)
    )
    return made or await explain(access, CUSTOM_FIELD, values["id"])


async def update(access: Access, field_id: UUID, change: CustomFieldUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``CustomFieldArchived``, 422 for options of no choice.

    Values that are there already stay, also those that are no option any more.
    """
    values = change.model_dump(exclude_unset=True)
    columns = frozenset(values)
    changed = await record(access, events.CUSTOM_FIELD_UPDATED, _update(columns), id=field_id, **renamed(values))
    if changed is not None:
        return changed
    answer = await explain(access, CUSTOM_FIELD, field_id)
    row = await access.row(_standing(), id=field_id)
    if row is not None and row["archived"]:
        raise CustomFieldArchived
    if row is not None and "options" in values and row["type"] != "choice":
        raise invalid("options", "Only a choice has options.", "not_a_choice")
    return answer


async def archive(access: Access, field_id: UUID) -> Answer:
    """Put a field aside: its values stay, and are not asked for any more. Archiving twice is archiving once."""
    archived = await record(access, events.CUSTOM_FIELD_ARCHIVED, _archive(), id=field_id)
    return archived or await explain(access, CUSTOM_FIELD, field_id)


async def restore(access: Access, field_id: UUID) -> Answer:
    """Bring an archived field back."""
    restored = await record(access, events.CUSTOM_FIELD_RESTORED, _restore(), id=field_id)
    return restored or await explain(access, CUSTOM_FIELD, field_id)


async def current(access: Access, noun: CustomNoun) -> Definitions:
    """The fields of a noun as they are defined now."""
    return definitions(await access.value(_defined())).get(noun, {})


async def settled(
    access: Access,
    noun: CustomNoun,
    sent: Mapping[str, Any],
    had: Callable[[], Awaitable[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """The values to keep of those that were sent. Raises 422 naming every field that is wrong.

    ``had`` gives the values of the record that these are merged into, of which each may stay as it is; asked only where
    something is wrong or missing by what was sent alone.
    """
    values, errors = checked(access.actor.custom_fields.get(noun, {}), sent)
    if errors:
        before = await had() if had else MappingProxyType({})
        values, errors = checked(await current(access, noun), {**before, **sent}, before)
    if errors:
        raise Unprocessable(errors=tuple(errors))
    return values


def defined() -> ColumnElement[Any]:
    """All definitions of the workspace as one value, for ``custom_rules.definitions``."""
    c = custom_fields.c
    archived = c.archived_at.is_not(None)
    parts = {"noun": c.noun, "key": c.key, "type": c.type, "options": c.options, "required": c.required}
    one = func.jsonb_build_object(*(part for pair in parts.items() for part in pair), "archived", archived)
    found = func.coalesce(func.jsonb_agg(one), text("'[]'::jsonb"))
    return select(found).where(c.workspace_id == bindparam("workspace_id", type_=Uuid)).scalar_subquery()


@statement
def _defined() -> Select[Any]:
    return select(defined())


@statement
def _standing() -> Select[Any]:
    c = custom_fields.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    archived = c.archived_at.is_not(None).label("archived")
    return select(c.type, archived).where(at_home, c.id == bindparam("id", type_=Uuid))


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(CUSTOM_FIELD, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    choice = [custom_fields.c.type == "choice"] if "options" in columns else []
    return changing(CUSTOM_FIELD, Sight.ALL, columns, custom_fields.c.archived_at.is_(None), *choice)


@statement
def _archive() -> Insert:
    here = custom_fields.c.archived_at.is_(None)
    return changing(CUSTOM_FIELD, Sight.ALL, (), here, values={"archived_at": func.now()})


@statement
def _restore() -> Insert:
    gone = custom_fields.c.archived_at.is_not(None)
    return changing(CUSTOM_FIELD, Sight.ALL, (), gone, values={"archived_at": None})
