"""Duplicates: who may be the same customer as another, or as one about to be added.

The search on create is a question, not a lock: two equal customers added at the same moment may both pass it. What
must never be there twice, the registration code, is kept by its index. It is a part of the statement that creates:
only where somebody has a token in common is it worth another statement to ask who that is.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Select, Text, Uuid, and_, any_, bindparam, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.customers import actions
from crm.customers.comparing import DuplicateSearch
from crm.customers.errors import PossibleDuplicates, RegistrationCodeTaken
from crm.customers.likeness import keys_of, likeness, telling_keys
from crm.customers.models import customer_tokens, customers
from crm.customers.queries import CUSTOMER
from crm.customers.schemas import CustomerCreate
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import Answer, mention, this_one
from crm.workspaces.models import teams, users

MOST_PER_KEY = 50
"""So many customers with the same name, phone … are looked at: 王伟 has thousands of namesakes."""

MOST_SHOWN = 20

COMPARED = ("kind", "name", "registration_code", "phone", "email", "city")


async def create(access: Access, new: CustomerCreate) -> Answer:
    """Add a customer who is not there yet. Raises what ``refuse`` and ``actions.create`` do."""
    created = await actions.create_unless_found(access, new, telling_keys(_compared_of(new)))
    if created is None:
        await refuse(access, new)
    return created or await actions.create(access, new)


async def refuse(access: Access, new: CustomerCreate) -> None:
    """Raise ``PossibleDuplicates`` where this may well be there already, ``RegistrationCodeTaken`` where it is.

    Only a strong likeness refuses; the weak ones are shown beside it. Both problems carry ``duplicates``.
    """
    found = await alike(access, new)
    if not any(one["strength"] == "strong" for one in found):
        return
    taken = any(why["reason"] == "registration_code" for one in found for why in one["reasons"])
    raise (RegistrationCodeTaken if taken else PossibleDuplicates)(duplicates=found)


async def alike(access: Access, new: CustomerCreate) -> list[dict[str, Any]]:
    """Who may be the customer that is about to be added."""
    return await _like(access, _compared_of(new), but=new.id)


async def search(access: Access, wanted: DuplicateSearch) -> bytes:
    """Who may be the customer that these words describe, the most alike first."""
    return orjson.dumps({"data": await _like(access, wanted.model_dump())}, default=str)


async def of(access: Access, customer_id: UUID) -> bytes:
    """Who may be the same as this customer, the most alike first. Raises ``NotFound``."""
    row = await access.row(_compared(access.actor.sight), id=customer_id)
    if row is None:
        raise NotFound
    return orjson.dumps({"data": await _like(access, dict(row), but=customer_id)}, default=str)


async def _like(access: Access, asked: Mapping[str, Any], *, but: UUID | None = None) -> list[dict[str, Any]]:
    """Those alike, as they may be shown: what the actor cannot see is masked."""
    keys = keys_of(asked)
    if not keys:
        return []
    rows = await access.rows(_candidates(access.actor.sight), keys=keys, but=but)
    found = [(how, row) for row in map(dict, rows) if (how := likeness(asked, row)) is not None]
    found.sort(key=lambda pair: (pair[0].strength, -len(pair[0].reasons), pair[1]["created_at"], pair[1]["id"]))
    return [
        {
            "masked": not row["seen"],
            "strength": how.strength,
            "reasons": [{"reason": reason, "strength": strength} for reason, strength in how.reasons],
            "team": row["team"],
            "customer": _shown(row) if row["seen"] else None,
        }
        for how, row in found[:MOST_SHOWN]
    ]


def _shown(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in ("id", *COMPARED, "owner")}


def _compared_of(new: CustomerCreate) -> dict[str, Any]:
    return {**new.model_dump(include=set(COMPARED)), "city": new.address.city if new.address else None}


@statement
def _candidates(sight: Sight) -> Select[Any]:
    """Who stands under one of these tokens, each token by its index, and so many of each.

    Of which field the token is need not be asked, since ``likeness`` compares the fields themselves; and it must not:
    with a condition on the last column of the key, Postgres takes a look-up for a skip scan over all customers.
    """
    at_home = bindparam("workspace_id", type_=Uuid)
    asked = func.unnest(bindparam("keys", type_=ARRAY(Text))).table_valued("key", name="asked").render_derived()
    token = customer_tokens
    hit = (
        select(token.c.customer_id)
        .where(token.c.workspace_id == at_home, token.c.token == asked.c.key)
        .limit(MOST_PER_KEY)
        .lateral("hit")
    )
    hits = select(hit.c.customer_id).select_from(asked.join(hit, true())).scalar_subquery()
    ids: ColumnElement[Any] = func.array(hits, type_=ARRAY(Uuid))
    but = bindparam("but", type_=Uuid)
    return _looks(CUSTOMER.visible(sight).label("seen"), customers.c.created_at).where(
        customers.c.workspace_id == at_home,
        customers.c.id == any_(ids),
        customers.c.archived_at.is_(None),
        customers.c.id.is_distinct_from(but),
    )


@statement
def _compared(sight: Sight) -> Select[Any]:
    return _looks().where(this_one(CUSTOMER, sight))


def _looks(*more: ColumnElement[Any]) -> Select[Any]:
    """What is compared of a customer and may be shown of it to those who see it."""
    owner, c = users.alias("owner"), customers.c
    held = customers.outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id))
    held = held.outerjoin(teams, and_(teams.c.workspace_id == c.workspace_id, teams.c.id == c.team_id))
    city = c.address.op("->>")("city").label("city")
    return select(
        c.id, c.kind, c.name, c.registration_code, c.phone, c.email, city,
        mention(owner).label("owner"), teams.c.name.label("team"), *more,
    ).select_from(held)  # fmt: skip
