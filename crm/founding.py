"""The first moment of a workspace: the company, the person who lets all others in, and what it is furnished with."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import EmailStr, TypeAdapter, ValidationError
from sqlalchemy import Insert

from crm.actor import NOBODY, Role, system
from crm.calendars.founding import open_first_calendar
from crm.clock import is_zone
from crm.database import Database, Transaction, statement
from crm.errors import invalid
from crm.pipelines.defaults import open_first_pipeline
from crm.recording import creating, record, renamed
from crm.sla import defaults
from crm.task_rules import shipped
from crm.workspaces import events
from crm.workspaces.access import outsider
from crm.workspaces.currencies import CURRENCIES
from crm.workspaces.ids import new_id
from crm.workspaces.passwords import check_password, hash_password
from crm.workspaces.queries import USER, WORKSPACE
from crm.workspaces.rules import email_key
from crm.workspaces.vocabulary import Language

_address: TypeAdapter[str] = TypeAdapter(EmailStr)

FURNISHINGS: tuple[Callable[[Transaction], Awaitable[Any]], ...] = (
    open_first_pipeline,
    shipped.furnish,
    defaults.promise,
)
"""What every new workspace begins with, beside its calendar. A migration gives the same to those that are there."""


class Founded(NamedTuple):
    """The ids of a new workspace and its first administrator."""

    workspace_id: UUID
    admin_id: UUID


async def found_workspace(
    database: Database,
    name: str,
    admin_email: str,
    admin_password: str,
    timezone: str = "Asia/Shanghai",
    currency: str = "CNY",
    language: Language = "zh-CN",
    *,
    admin_name: str | None = None,
) -> Founded:
    """Found a workspace with its first administrator. Raises ``Unprocessable`` naming what is not acceptable."""
    name = name.strip()
    if not 0 < len(name) <= 200:
        raise invalid("name", "A name has 1 to 200 characters.")
    try:
        admin_email = _address.validate_python(admin_email)
    except ValidationError:
        raise invalid("admin_email", "This is not an e-mail address.") from None
    if not is_zone(timezone):
        raise invalid("timezone", "This is not the IANA name of a time zone, such as Asia/Shanghai.")
    if currency not in CURRENCIES:
        raise invalid("currency", "This is not an ISO 4217 currency code, such as CNY.")
    check_password(admin_password, admin_email, field="admin_password")
    company: dict[str, Any] = {"name": name, "timezone": timezone, "currency": currency, "language": language}
    admin = {
        "email": admin_email,
        "email_key": email_key(admin_email),
        "name": admin_name or admin_email.partition("@")[0],
        "role": Role.ADMIN,
        "password_hash": await hash_password(admin_password),
    }
    home = await new_id(database.writing(outsider(NOBODY)))
    async with database.transaction(system(home, timezone=timezone, language=language)) as tx:
        company["calendar_id"] = await open_first_calendar(tx)
        await record(tx, events.WORKSPACE_CREATED, _found(frozenset(company)), **renamed(company))
        created = await record(tx, events.USER_CREATED, _first_admin(frozenset(admin)), **renamed(admin))
        for furnish in FURNISHINGS:
            await furnish(tx)
    if created is None:
        raise LookupError("an insert without a condition gave no row")
    return Founded(home, created.id)


@statement
def _found(columns: frozenset[str]) -> Insert:
    return creating(WORKSPACE, columns)


@statement
def _first_admin(columns: frozenset[str]) -> Insert:
    return creating(USER, columns)
