"""What the rules of care need to know of a customer."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, any_, bindparam, exists, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.models import customers
from crm.customers.vocabulary import Class, KeyKind
from crm.database import Transaction, statement
from crm.tasks.models import tasks
from crm.tasks.origins import NEXT_CONTACT_DUE, task_rules
from crm.workspaces.models import users


class Cared(NamedTuple):
    """A customer, as far as care goes, locked until the transaction ends."""

    id: UUID
    name: str
    class_: Class
    key_kind: KeyKind | None
    owner_id: UUID | None
    created_at: datetime
    last_contact_at: datetime | None
    next_contact_due_on: date | None
    archived_at: datetime | None
    do_not_contact: bool
    merged_into_id: UUID | None
    version: int
    owner_is_active: bool
    is_switched_off: bool

    @property
    def may_be_planned(self) -> bool:
        """Whether anybody is to be told to get in touch."""
        wanted = self.archived_at is None and not self.do_not_contact
        return self.owner_is_active and wanted and not self.is_switched_off


class Planned(NamedTuple):
    """An open task to get in touch."""

    id: UUID
    assignee_id: UUID
    due_at: datetime


async def locked(tx: Transaction, customer_id: UUID) -> Cared | None:
    """The customer as it is, and stays until the transaction ends."""
    row = await tx.row(_locked(), customer_id=customer_id)
    return None if row is None else Cared(*row)


async def all_locked(tx: Transaction, customer_ids: Sequence[UUID]) -> list[Cared]:
    """These customers, locked in the order of their ids; those that are not there are left out."""
    return [Cared(*row) for row in await tx.rows(_all_locked(), customer_ids=customer_ids)]


async def have_tasks(tx: Transaction, customer_ids: Sequence[UUID]) -> set[UUID]:
    """With whom of these somebody is to get in touch already."""
    return {row["customer_id"] for row in await tx.rows(_have_tasks(), customer_ids=customer_ids)}


async def planned(tx: Transaction, customer_id: UUID) -> list[Planned]:
    """The open tasks to get in touch with a customer: one, if all goes well."""
    return [Planned(*row) for row in await tx.rows(_planned(), customer_id=customer_id)]


@statement
def _locked() -> Select[Any]:
    return _cared(customers.c.id == bindparam("customer_id", type_=Uuid))


@statement
def _all_locked() -> Select[Any]:
    return _cared(customers.c.id == any_(bindparam("customer_ids", type_=ARRAY(Uuid)))).order_by(customers.c.id)


@statement
def _have_tasks() -> Select[Any]:
    at_home = tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    these = tasks.c.customer_id == any_(bindparam("customer_ids", type_=ARRAY(Uuid)))
    return select(tasks.c.customer_id).where(at_home, these, tasks.c.kind == "contact_due", tasks.c.state == "open")


def _cared(which: ColumnElement[bool]) -> Select[Any]:
    c = customers.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    owner = exists().where(users.c.workspace_id == c.workspace_id, users.c.id == c.owner_id, users.c.state == "active")
    return (
        select(
            *(c[name.rstrip("_")] for name in Cared._fields[:-2]),
            owner.label("owner_is_active"),
            is_switched_off().label("is_switched_off"),
        )
        .where(at_home, which)
        .with_for_update(key_share=True, of=customers)
    )


def is_switched_off() -> Any:
    """The workspace has the rule of this and has switched it off."""
    r = task_rules.c
    here = r.workspace_id == bindparam("workspace_id", type_=Uuid)
    return exists().where(here, r.key == NEXT_CONTACT_DUE, ~r.enabled)


@statement
def _planned() -> Select[Any]:
    at_home = tasks.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return (
        select(*(tasks.c[name] for name in Planned._fields))
        .where(at_home, tasks.c.customer_id == bindparam("customer_id", type_=Uuid))
        .where(tasks.c.kind == "contact_due", tasks.c.state == "open")
        .order_by(tasks.c.due_at)
    )
