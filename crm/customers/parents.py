"""Whose parent a customer may be: groups are trees of companies, and nobody names one that they do not see."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import ColumnElement, Select, Text, TextClause, Uuid, and_, bindparam, exists, or_, select, text

from crm.actor import Sight
from crm.customers.errors import CustomerAboveItself, GroupsAreOfCompanies
from crm.customers.models import GROUP_CHECKS, GROUPS_ARE_OF_COMPANIES, NO_CUSTOMER_ABOVE_ITSELF, customers
from crm.database import Access, Transaction, statement
from crm.errors import Unprocessable, invalid
from crm.nouns import held_by

REFUSALS = {NO_CUSTOMER_ABOVE_ITSELF: CustomerAboveItself, GROUPS_ARE_OF_COMPANIES: GroupsAreOfCompanies}


def of_companies() -> Unprocessable:
    """The answer where one of the two is a person."""
    return invalid("parent_id", "Groups are of companies: a person has no parent and is none.", "not_a_company")


async def unfit(access: Access, parent_id: UUID | None) -> Unprocessable | None:
    """Why this customer cannot be named as a group; None where it can."""
    if await access.value(_is_fit(access.actor.sight), new_parent_id=parent_id):
        return None
    if await access.value(_is_seen_person(access.actor.sight), new_parent_id=parent_id):
        return of_companies()
    return invalid("parent_id", "There is no such customer.", "not_found")


async def judge_later(tx: Transaction) -> None:
    """Judge groups when all has moved: on the way, a customer may stand above itself, or below a person."""
    await tx.row(_judged("DEFERRED"))


async def judge_now(tx: Transaction) -> None:
    """All has moved. Raises ``CustomerAboveItself``, ``GroupsAreOfCompanies``."""
    try:
        await tx.row(_judged("IMMEDIATE"))
    except asyncpg.IntegrityConstraintViolationError as error:
        if known := REFUSALS.get(error.constraint_name or ""):
            raise known from error
        raise


def fits_in_groups(sight: Sight, columns: Collection[str]) -> list[ColumnElement[bool]]:
    """The conditions on a change of these columns: what is there already stays, also from before they held."""
    conditions: list[ColumnElement[bool]] = []
    if "parent_id" in columns:
        parent = bindparam("new_parent_id", type_=Uuid)
        kind = bindparam("new_kind", type_=Text) if "kind" in columns else customers.c.kind
        anew = and_(parent_is_seen(sight), or_(parent.is_(None), kind == "company"))
        conditions.append(or_(customers.c.parent_id == parent, anew))
    if "kind" in columns:
        conditions.append(_stays_out(gets_parent="parent_id" in columns))
    return conditions


def parent_is_seen(sight: Sight) -> ColumnElement[bool]:
    """The group named as parent is a company that the actor sees: a foreign key alone would tell that it is there.

    Nothing new comes under an archived one; what is there already stays.
    """
    group = customers.alias("named_group")
    named = bindparam("new_parent_id", type_=Uuid)
    at_home = group.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return named.is_(None) | exists().where(
        at_home, group.c.id == named, group.c.archived_at.is_(None), held_by(group)(sight), group.c.kind == "company"
    )


@statement
def _judged(when: str) -> TextClause:
    return text(f"SET CONSTRAINTS {', '.join(GROUP_CHECKS)} {when}")


@statement
def _is_fit(sight: Sight) -> Select[Any]:
    return select(parent_is_seen(sight))


@statement
def _is_seen_person(sight: Sight) -> Select[Any]:
    group = customers.alias("named_group")
    at_home = group.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    named = group.c.id == bindparam("new_parent_id", type_=Uuid)
    here = (at_home, named, group.c.archived_at.is_(None), held_by(group)(sight))
    return select(exists().where(*here, group.c.kind != "company"))


def _stays_out(*, gets_parent: bool) -> ColumnElement[bool]:
    """Who becomes a person has no parent, or loses it now, and nobody belongs to them."""
    child = customers.alias("child")
    at_home = child.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    has_child = exists().where(at_home, child.c.parent_id == customers.c.id)
    parent = bindparam("new_parent_id", type_=Uuid) if gets_parent else customers.c.parent_id
    kind = bindparam("new_kind", type_=Text)
    return or_(kind == "company", customers.c.kind == kind, and_(parent.is_(None), ~has_child))
