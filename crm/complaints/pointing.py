"""What a complaint points at: its contact, visit and sale belong to its customer, everyone and everything is there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, Uuid, any_, bindparam, exists, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.contacts.queries import CONTACT
from crm.database import Access, statement
from crm.errors import FieldError, Unprocessable
from crm.opportunities.queries import OPPORTUNITY
from crm.products.models import products
from crm.visits.queries import VISIT
from crm.workspaces.models import teams, users

SAID: Mapping[str, str] = {
    "contact_id": "There is no such contact at this customer.",
    "visit_id": "There is no such visit to this customer.",
    "opportunity_id": "There is no such opportunity of this customer.",
    "product_id": "There is no such product in use.",
    "assignee_id": "There is no such active user who could.",
    "responsible_id": "There is no such user.",
    "team_id": "There is no such team.",
}
"""What is checked before a complaint is written, and what is said of each that is not there."""


async def must_be_there(access: Access, values: Mapping[str, Any], *, customer_id: UUID | None = None) -> None:
    """Raise 422 naming each reference among the values that is not there for the actor.

    ``customer_id``: whose the complaint is, where the values do not say.
    """
    given = {name: values[name] for name in SAID if values.get(name) is not None}
    if not given:
        return
    whose = values.get("customer_id") or customer_id
    wanted = _there(access.actor.sight, frozenset(given))
    found = await access.row(wanted, of_customer_id=whose, **{f"of_{name}": value for name, value in given.items()})
    missing = [name for name in SAID if name in given and not (found and found[name])]
    if missing:
        raise Unprocessable(errors=tuple(FieldError(f"#/{name}", SAID[name], "not_found") for name in missing))


async def must_be_people(access: Access, field: str, ids: Mapping[str, UUID]) -> None:
    """Raise 422 naming each place below the field that names nobody of the workspace."""
    rows = await access.rows(_people(), ids=list(set(ids.values())))
    known = {row["id"] for row in rows}
    errors = [
        FieldError(f"#/{field}/{place}", "There is no such user.", "not_found")
        for place, id_ in ids.items()
        if id_ not in known
    ]
    if errors:
        raise Unprocessable(errors=tuple(errors))


@statement
def _there(sight: Sight, names: frozenset[str]) -> Select[Any]:
    customer_id = bindparam("of_customer_id", type_=Uuid)

    def at_home(table: Table, name: str) -> list[ColumnElement[bool]]:
        home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
        return [home, table.c.id == bindparam(f"of_{name}", type_=Uuid)]

    of_customer = {"contact_id": CONTACT, "visit_id": VISIT, "opportunity_id": OPPORTUNITY}
    found: dict[str, ColumnElement[bool]] = {
        name: exists().where(*at_home(noun.table, name), noun.table.c.customer_id == customer_id, noun.visible(sight))
        for name, noun in of_customer.items()
    }
    found["product_id"] = exists().where(*at_home(products, "product_id"))
    found["assignee_id"] = exists().where(
        *at_home(users, "assignee_id"), users.c.state == "active", users.c.role != "auditor"
    )
    found["responsible_id"] = exists().where(*at_home(users, "responsible_id"))
    found["team_id"] = exists().where(*at_home(teams, "team_id"))
    columns: list[ColumnElement[Any]] = [found[name].label(name) for name in sorted(names)]
    return select(*columns)


@statement
def _people() -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(users.c.id).where(at_home, users.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
