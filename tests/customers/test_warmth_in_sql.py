"""Postgres works out warmth where it shows customers; it must say what the rules say."""

from datetime import UTC, datetime, timedelta

from crm.customers.rules import days_since, scale_of, warmth
from crm.workspaces.settings import DEFAULTS, effective
from tests.conftest import Client, Clients, Stage
from tests.factories import Workspace

SHIFTED = {"warmth": {"hot_until": 7, "warm_until": 31, "cold_from": 90, "zero_at": 200}, "visibility": "own"}


async def fill(stage: Stage, workspace: Workspace) -> None:
    """A customer for each of 0 to 260 days since the last contact, and one without any."""
    await stage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, last_contact_at) "
        "SELECT $1::uuid, 'company', 'C', 'c', now() - make_interval(days => n, hours => n % 24) "
        "FROM generate_series(0, 260) n "
        "UNION ALL SELECT $1::uuid, 'company', 'never', 'never', NULL::timestamptz",
        workspace.id,
    )


async def shown(client: Client, **wanted: str) -> list[dict[str, object]]:
    """All customers of a filter."""
    found: list[dict[str, object]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await client.get("/v1/customers", params={"limit": 200, **wanted, **cursor})).json()
        found += page["data"]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


async def test_the_shape_and_the_filter_agree_with_the_rules(
    stage: Stage, workspace: Workspace, clients: Clients
) -> None:
    await fill(stage, workspace)
    admin = clients(workspace.admin.token)
    for settings in (DEFAULTS, effective(SHIFTED)):
        overrides = {} if settings is DEFAULTS else SHIFTED
        await stage.owner.execute(
            "UPDATE workspaces SET settings = $2 WHERE workspace_id = $1", workspace.id, overrides
        )
        clients.running.app.state.door.forget()
        bands: dict[str, int] = {}
        for customer in await shown(admin):
            says = customer["warmth"]
            assert isinstance(says, dict)
            at = says["last_contact_at"]
            days = days_since(at and datetime.fromisoformat(at), datetime.now(UTC), "Asia/Shanghai")
            meant = warmth(days, scale_of(settings))
            assert (says["days"], says["band"], says["score"]) == (days, meant.band, meant.score)
            bands[meant.band] = bands.get(meant.band, 0) + 1
        assert len(bands) == 5
        for band, many in bands.items():
            assert len(await shown(admin, warmth=band)) == many, band


async def test_a_contact_of_yesterday_evening_is_a_day_old_after_midnight(
    stage: Stage, workspace: Workspace, client: Client
) -> None:
    local_midnight = "date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"
    await stage.owner.execute(
        f"INSERT INTO customers (workspace_id, kind, name, name_key, last_contact_at) "
        f"SELECT $1, 'company', name, name, {local_midnight} + shift "
        "FROM (VALUES ('before', $2::interval), ('at', $3)) x (name, shift)",
        workspace.id,
        timedelta(seconds=-1),
        timedelta(0),
    )
    found = {customer["name"]: customer["warmth"] for customer in await shown(client)}
    assert {name: says["days"] for name, says in found.items()} == {"before": 1, "at": 0}  # type: ignore[index]  # JSON
