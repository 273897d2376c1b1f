"""By when a new customer wants to hear from us: on a working day of whoever looks after it."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from crm.calendars.hours import OFFICE
from crm.calendars.working_time import WorkingTime
from crm.clock import today
from crm.customers.rules import next_contact_due
from tests.care.people import customer
from tests.conftest import Client, Clients
from tests.factories import Workspace

EVERY_DAY = [{"weekday": weekday, "opens": "09:00", "closes": "17:00"} for weekday in range(1, 8)]


async def calendar(admin: Client, *days_off: int) -> str:
    """One by which every day is worked but those, counted from today."""
    made = await admin.post("/v1/calendars", json={"name": "Mine", "timezone": "Asia/Shanghai", "week": EVERY_DAY})
    path = f"/v1/calendars/{made.json()['id']}"
    for day in days_off:
        off = today("Asia/Shanghai") + timedelta(days=day)
        assert (await admin.put(f"{path}/days/{off}", json={"kind": "holiday"})).status_code == 200
    return str(made.json()["id"])


async def due_in(client: Client, **values: Any) -> int:
    shown = (await client.get(f"/v1/customers/{await customer(client, **values)}")).json()
    due: timedelta = date.fromisoformat(shown["next_contact_due_on"]) - today("Asia/Shanghai")
    return due.days


async def test_it_is_a_working_day_by_the_owners_calendar_else_by_that_of_the_workspace(
    clients: Clients, workspace: Workspace
) -> None:
    admin, anna = clients(workspace.admin.token), clients(workspace.anna.token)
    # Without any calendar Monday to Friday are working days.
    office = WorkingTime("Asia/Shanghai", OFFICE)
    day = today("Asia/Shanghai")
    usual = next_contact_due(None, day, 90, is_working_day=office.is_working_day)
    assert await due_in(anna) == (usual - day).days
    house, own = await calendar(admin, 88, 89, 90), await calendar(admin, 90)
    assert (await admin.patch("/v1/workspace", json={"calendar_id": house})).status_code == 200
    assert await due_in(anna) == 87
    assert await due_in(anna, **{"class": "key"}) == 30
    await workspace.owner.execute("UPDATE users SET calendar_id = $1 WHERE id = $2", UUID(own), workspace.anna.id)
    assert await due_in(anna) == 89
    assert await due_in(admin, owner_id=str(workspace.anna.id)) == 89
    assert await due_in(admin) == 87


async def test_where_only_days_off_lie_before_it_is_the_first_working_day_after(
    clients: Clients, workspace: Workspace
) -> None:
    # Before anybody asks: what the API knows of a workspace is forgotten a moment after a change.
    cadence = {"cadence": {"double": 1, "key": 5}}
    await workspace.owner.execute("UPDATE workspaces SET settings = $2 WHERE workspace_id = $1", workspace.id, cadence)
    admin = clients(workspace.admin.token)
    house = await calendar(admin, *range(8))
    assert (await admin.patch("/v1/workspace", json={"calendar_id": house})).status_code == 200
    assert await due_in(admin, **{"class": "key"}) == 8
