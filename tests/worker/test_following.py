"""Reminders by the wall clock move with the zone: the person's, or the workspace's where the person has none."""

from typing import Any
from uuid import UUID

import pytest

from services.api.main import create_app
from services.api.openapi import document
from services.worker import rezoning
from services.worker.rezoning import recheck_zones
from services.worker.rounds import Worker
from tests.conftest import Client, Running
from tests.worker.conftest import Backstage, settle

WINTER, SUMMER = "2027-01-05T09:00:00", "2027-07-05T09:00:00"


async def remind(client: Client, customer_id: str, **more: Any) -> str:
    """The id of a new reminder."""
    subject = {"type": "customer", "id": customer_id}
    response = await client.post("/v1/reminders", json={"title": "Ask", "subject": subject} | more)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def test_what_is_still_to_come_follows_the_zone_that_holds(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.admin.token) as client:
        customer = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        follows = await remind(client, customer, local_time=WINTER)
        summer = await remind(client, customer, local_time=SUMMER)
        annas = await remind(client, customer, local_time=WINTER, user_id=str(home.anna.id))
        pinned = await remind(client, customer, local_time=WINTER, timezone="Asia/Shanghai")
        moment = await remind(client, customer, fire_at="2027-01-05T01:00:00Z")
        cancelled = await remind(client, customer, local_time=WINTER)
        assert (await client.post(f"/v1/reminders/{cancelled}/cancel")).status_code == 200
        every = (follows, summer, annas, pinned, moment, cancelled)

        async def moments() -> list[str]:
            found = [(await client.get(f"/v1/reminders/{each}")).json() for each in every]
            return [each["fire_at"].removesuffix(":00.000000Z") for each in found]

        shanghai = "2027-01-05T01:00"
        assert await moments() == [shanghai, "2027-07-05T01:00", shanghai, shanghai, shanghai, shanghai]
        assert (await client.patch("/v1/workspace", json={"timezone": "Europe/Berlin"})).status_code == 200
        await settle(worker)
        berlin = "2027-01-05T08:00"
        assert await moments() == [berlin, "2027-07-05T07:00", berlin, shanghai, shanghai, shanghai]
        path = f"/v1/users/{home.anna.id}"
        assert (await client.patch(path, json={"timezone": "America/New_York"})).status_code == 200
        await settle(worker)
        new_york = "2027-01-05T14:00"
        assert await moments() == [berlin, "2027-07-05T07:00", new_york, shanghai, shanghai, shanghai]
        assert (await client.patch("/v1/workspace", json={"timezone": "UTC"})).status_code == 200
        await settle(worker)
        assert (await moments())[:3] == ["2027-01-05T09:00", "2027-07-05T09:00", new_york]

        moved = (await client.get(f"/v1/reminders/{annas}")).json()
        assert (moved["timezone"], moved["local_time"], moved["state"]) == ("America/New_York", WINTER, "scheduled")
        why = (await client.get(f"/v1/reminders/{annas}/explain")).json()
        assert (why["because"], why["moved_because"]) == ("moved_with_its_zone", "timezone_changed")
        rows = await backstage.owner.fetch("SELECT changes FROM events WHERE type = 'reminder.updated'")
        assert len(rows) == 6
        assert all({"fire_at", "timezone"} <= row["changes"].keys() for row in rows)


async def test_a_change_of_something_else_moves_nothing(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.admin.token) as client:
        customer = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        await remind(client, customer, local_time=WINTER, user_id=str(home.anna.id))
        assert (await client.patch(f"/v1/users/{home.anna.id}", json={"name": "Anne"})).status_code == 200
        await settle(worker)
    assert "reminder.updated" not in await backstage.types()


async def test_moments_that_the_zones_rules_no_longer_mean_are_moved_and_told_once(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rezoning, "AT_ONCE", 2)
    home = backstage.home
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.admin.token) as client:
        customer = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        zones = ("Africa/Cairo", "America/Sao_Paulo", "Asia/Shanghai", "Europe/Paris", None)
        pinned = [
            await remind(client, customer, local_time=WINTER, **({} if zone is None else {"timezone": zone}))
            for zone in zones
        ]
        moment = await remind(client, customer, fire_at="2027-01-05T01:00:00Z")
        over = await remind(client, customer, local_time=WINTER, timezone="Europe/Paris")
        assert (await client.post(f"/v1/reminders/{over}/cancel")).status_code == 200

        async def moments() -> list[str]:
            return [(await client.get(f"/v1/reminders/{each}")).json()["fire_at"] for each in (*pinned, moment, over)]

        right = await moments()
        await recheck_zones(worker)
        assert await moments() == right
        assert "reminder.updated" not in await backstage.types()
        # As they were resolved by rules of an hour beside, but one that lies in between.
        await backstage.owner.execute(
            "UPDATE reminders SET fire_at = fire_at - interval '1 hour' WHERE timezone <> 'America/Sao_Paulo'"
        )
        wrong = await moments()
        await recheck_zones(worker)
        await recheck_zones(worker)
        assert await moments() == [*right[:-1], wrong[-1]]
        rows = await backstage.owner.fetch("SELECT subject_id, changes FROM events WHERE type = 'reminder.updated'")
        assert {str(row["subject_id"]) for row in rows} == {pinned[0], *pinned[2:]}
        assert len(rows) == 4
        why = (await client.get(f"/v1/reminders/{pinned[0]}/explain")).json()
        assert (why["because"], why["moved_because"]) == ("moved_with_its_zone", "timezone_changed")


async def test_a_zone_that_is_no_more_keeps_its_moments(backstage: Backstage, worker: Worker) -> None:
    home = backstage.home
    app = create_app(backstage.stage.settings())
    async with app.router.lifespan_context(app), Client(Running(app, document(app)), home.admin.token) as client:
        customer = (await client.post("/v1/customers", json={"name": "Acme"})).json()["id"]
        made = await remind(client, customer, local_time=WINTER, timezone="Europe/Paris")
        await backstage.owner.execute(
            "UPDATE reminders SET timezone = 'Europe/Atlantis', fire_at = fire_at + interval '1 h'"
        )
        before = await backstage.owner.fetchval("SELECT fire_at FROM reminders")
        await recheck_zones(worker)
        assert await backstage.owner.fetchval("SELECT fire_at FROM reminders WHERE id = $1", UUID(made)) == before
