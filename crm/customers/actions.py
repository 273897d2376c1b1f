"""Everything that changes customers."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Text, Uuid, all_, any_, bindparam, delete, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.sql.selectable import CTE

from crm import clock
from crm.actor import Actor, Sight
from crm.customers import events, rules
from crm.customers.errors import CustomerArchived, RegistrationCodeTaken
from crm.customers.models import ONE_CUSTOMER_PER_REGISTRATION_CODE, customer_tokens, customers
from crm.customers.queries import CUSTOMER
from crm.customers.schemas import CustomerCreate, CustomerUpdate
from crm.database import Access, statement
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.search import normalized, tokens_of_code, tokens_of_name, tokens_of_phone
from crm.workspaces.models import users

FOUND_BY = {"name": tokens_of_name, "phone": tokens_of_phone, "registration_code": tokens_of_code}
"""The fields a customer is found by, and what each leaves in the index."""

TAKEN = {ONE_CUSTOMER_PER_REGISTRATION_CODE: RegistrationCodeTaken}


async def create(access: Access, new: CustomerCreate) -> Answer:
    """Add a customer, and say when to be in touch first.

    Raises ``RegistrationCodeTaken``, ``AlreadyExists`` for an id that is taken.
    """
    values = new.model_dump(by_alias=True, exclude_none=True)
    if access.actor.user_id is not None:
        values.setdefault("owner_id", access.actor.user_id)
    values["next_contact_due_on"] = first_contact_due(access.actor, values)
    values["name_key"] = normalized(values["name"])
    created = await record(
        access, events.CREATED, _insert(frozenset(values)), refusals=TAKEN, **renamed(values), **_tokens(values)
    )
    return created or await explain(access, CUSTOMER, values["id"])


async def update(access: Access, customer_id: UUID, change: CustomerUpdate) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``CustomerArchived``, ``RegistrationCodeTaken``."""
    values = change.model_dump(by_alias=True, exclude_unset=True)
    if "name" in values:
        values["name_key"] = normalized(values["name"])
    changed = await record(
        access,
        events.UPDATED,
        _update(access.actor.sight, frozenset(values)),
        refusals=TAKEN,
        id=customer_id,
        **renamed(values),
        **_tokens(values),
    )
    return changed or await _as_it_is(access, customer_id)


async def archive(access: Access, customer_id: UUID) -> Answer:
    """Put a customer aside; it can be restored. Archiving twice is archiving once."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=customer_id)
    return archived or await explain(access, CUSTOMER, customer_id)


async def restore(access: Access, customer_id: UUID) -> Answer:
    """Bring an archived customer back. Raises ``RegistrationCodeTaken`` where another has its code by now."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), refusals=TAKEN, id=customer_id)
    return restored or await explain(access, CUSTOMER, customer_id)


def first_contact_due(actor: Actor, values: dict[str, Any]) -> date:
    """By when a customer with these values, new today, wants to hear from us (``domain.md`` B1)."""
    every = rules.contact_every(values.get("key_kind"), values.get("class"), actor.settings)
    return rules.next_contact_due(None, clock.today(actor.timezone), every, is_working_day=clock.is_weekday)


async def _as_it_is(access: Access, customer_id: UUID) -> Answer:
    """The customer, when a change had nothing to change; else the reason why it could not."""
    answer = await explain(access, CUSTOMER, customer_id)
    if await access.value(_is_archived(), id=customer_id):
        raise CustomerArchived
    return answer


def _tokens(values: dict[str, Any]) -> dict[str, Any]:
    """What the fields among these values leave in the index, as arrays side by side."""
    found = [
        (field, token)
        for field, tokens_of in FOUND_BY.items()
        if values.get(field)
        for token in tokens_of(values[field])
    ]
    return {
        "found_by": [field for field in FOUND_BY if field in values],
        "token_fields": [field for field, _ in found],
        "tokens": [token for _, token in found],
    }


@statement
def _insert(columns: frozenset[str]) -> Insert:
    """A new customer with these columns; the team is the owner's where none is given."""
    team = {}
    if "team_id" not in columns and "owner_id" in columns:
        owner = users.c.id == bindparam("new_owner_id", type_=Uuid)
        at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        team["team_id"] = select(users.c.team_id).where(at_home, owner).scalar_subquery()
    return creating(CUSTOMER, columns, values=team, also=lambda changed: [_index(changed)])


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    """A customer with these columns changed, and found by their new values."""

    def found_anew(changed: CTE) -> list[Any]:
        stale = delete(customer_tokens).where(
            customer_tokens.c.workspace_id == changed.c.workspace_id,
            customer_tokens.c.customer_id == changed.c.id,
            customer_tokens.c.field == any_(bindparam("found_by", type_=ARRAY(Text))),
            customer_tokens.c.token != all_(bindparam("tokens", type_=ARRAY(Text))),
        )
        return [stale, _index(changed)]

    also = found_anew if columns & FOUND_BY.keys() else None
    return changing(CUSTOMER, sight, columns, customers.c.archived_at.is_(None), also=also)


@statement
def _archive(sight: Sight) -> Insert:
    return changing(CUSTOMER, sight, (), customers.c.archived_at.is_(None), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    return changing(CUSTOMER, sight, (), customers.c.archived_at.is_not(None), values={"archived_at": None})


@statement
def _is_archived() -> Any:
    at_home = customers.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(customers.c.archived_at.is_not(None)).where(at_home, customers.c.id == bindparam("id", type_=Uuid))


def _index(changed: CTE) -> Insert:
    """The new tokens of the customer that has just changed."""
    fields, tokens = bindparam("token_fields", type_=ARRAY(Text)), bindparam("tokens", type_=ARRAY(Text))
    new = func.unnest(fields, tokens).table_valued("field", "token", name="new_token").render_derived()
    rows = select(changed.c.workspace_id, new.c.token, changed.c.id, new.c.field).select_from(changed.join(new, true()))
    names = ["workspace_id", "token", "customer_id", "field"]
    return insert_or(customer_tokens).from_select(names, rows).on_conflict_do_nothing()
