"""Who may stand on a visit: as conditions in the statement that names them, and as questions afterwards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam, exists, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Role
from crm.contacts.models import contacts
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.tables import at_home
from crm.visits.models import visits
from crm.workspaces.models import users

SUPERVISORS = (Role.MANAGER, Role.ADMIN)
"""The roles that supervise (``domain.md`` C6)."""


async def must_supervise(access: Access, user_id: UUID, owner_id: UUID) -> None:
    """Raise 422 unless the user is there, supervises by role, and is not the owner."""
    if user_id == owner_id:
        raise invalid("supervisor_id", "Nobody supervises a visit of their own.", "own_visit")
    if not await access.value(_someone_supervises(), user_id=user_id):
        raise invalid("supervisor_id", "There is no such active manager or administrator.", "not_found")


async def must_all_be_active(access: Access, user_ids: Sequence[UUID]) -> None:
    """Raise 422 naming each participant who is not there or not active."""
    known = {row["id"] for row in await access.rows(_active_among(), user_ids=list(user_ids))}
    _refuse("participant_ids", user_ids, known, "There is no such active user.")


async def must_belong(
    access: Access, field: str, customer_id: UUID, contact_ids: Sequence[UUID], *, current: bool
) -> None:
    """Raise 422 naming each element of the field that is no contact of the customer, or where ``current`` no more."""
    rows = await access.rows(_belonging(current), customer_id=customer_id, contact_ids=contact_ids)
    known = {row["id"] for row in rows}
    _refuse(field, contact_ids, known, "There is no such contact at this customer.")


def _refuse(field: str, asked: Sequence[UUID], known: set[UUID], message: str) -> None:
    errors = tuple(
        FieldError(f"#/{field}/{place}", message, "not_found") for place, one in enumerate(asked) if one not in known
    )
    if errors:
        raise Unprocessable(errors=errors)


def supervises(user_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """This user is there, active, and supervises by role."""
    roles = [role.value for role in SUPERVISORS]
    return exists().where(at_home(users), users.c.id == user_id, users.c.state == "active", users.c.role.in_(roles))


def all_active(user_ids: ColumnElement[Any]) -> ColumnElement[bool]:
    """Each of these users, none of them twice, is there and active."""
    found = _active(user_ids).with_only_columns(func.count())
    all_: ColumnElement[bool] = found.scalar_subquery() == func.cardinality(user_ids)
    return all_


def all_belong(customer_id: ColumnElement[Any], ids: ColumnElement[Any], *, current: bool) -> ColumnElement[bool]:
    """Each of these ids, none of them twice, is a contact of the customer."""
    found = _of_customer(customer_id, ids, current=current).with_only_columns(func.count())
    many: ColumnElement[bool] = found.correlate(visits).scalar_subquery() == func.cardinality(ids)
    return many


def ids(name: str) -> ColumnElement[Any]:
    """A parameter of many ids."""
    return bindparam(name, type_=ARRAY(Uuid))


@statement
def _someone_supervises() -> Select[Any]:
    return select(supervises(bindparam("user_id", type_=Uuid)))


@statement
def _active_among() -> Select[Any]:
    return _active(ids("user_ids"))


@statement
def _belonging(current: bool) -> Select[Any]:
    return _of_customer(bindparam("customer_id", type_=Uuid), ids("contact_ids"), current=current)


def _active(user_ids: ColumnElement[Any]) -> Select[Any]:
    return select(users.c.id).where(at_home(users), users.c.id == any_(user_ids), users.c.state == "active")


def _of_customer(customer_id: ColumnElement[Any], ids_: ColumnElement[Any], *, current: bool) -> Select[Any]:
    found = select(contacts.c.id).where(
        at_home(contacts), contacts.c.customer_id == customer_id, contacts.c.id == any_(ids_)
    )
    return found.where(contacts.c.archived_at.is_(None), contacts.c.left_on.is_(None)) if current else found
