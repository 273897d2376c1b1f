"""When a night's work may be done, and that a workspace's night is one worker's at a time."""

import asyncio
from datetime import UTC, date, datetime

import pytest

from crm.care.words import CONTACT_DUE, in_language
from crm.clock import night
from services.worker.rounds import Worker
from services.worker.warming import warm
from tests.worker.conftest import Backstage, until_idle


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        (datetime(2026, 11, 29, 17, 59, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 29)),
        (datetime(2026, 11, 29, 18, 0, tzinfo=UTC), "Asia/Shanghai", date(2026, 11, 30)),
        (datetime(2026, 11, 30, 1, 59, tzinfo=UTC), "UTC", date(2026, 11, 29)),
        (datetime(2026, 11, 30, 2, 0, tzinfo=UTC), "UTC", date(2026, 11, 30)),
        # The clocks skip 02:00 to 03:00: the night begins when they show 03:00.
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/Paris", date(2026, 3, 28)),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Europe/Paris", date(2026, 3, 29)),
    ],
)
def test_a_night_begins_at_two_on_the_clock_of_the_workspace(moment: datetime, zone: str, day: date) -> None:
    assert night(moment, zone) == day


def test_a_language_nobody_taught_us_is_answered_in_english() -> None:
    assert in_language(CONTACT_DUE, "fr", customer="Acme {x}") == "Get in touch with Acme {x}"


async def test_two_workers_share_a_night_without_telling_anything_twice(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute(
        "INSERT INTO customers (workspace_id, kind, name, name_key, owner_id, last_contact_at, warmth_band) "
        "SELECT $1, 'company', 'C' || n, 'c' || n, $2, now() - interval '70 days', 'warm' "
        "FROM generate_series(1, 1200) AS n",
        backstage.home.id,
        backstage.home.anna.id,
    )
    await asyncio.gather(until_idle(warm, worker), until_idle(warm, await backstage.hire()))
    told = await backstage.owner.fetchrow(
        "SELECT count(*), count(DISTINCT subject_id) FROM events WHERE type = 'customer.warmth_changed'"
    )
    assert told is not None
    assert tuple(told) == (1200, 1200)
    assert await backstage.owner.fetchval("SELECT count(*) FROM customers WHERE warmth_band = 'cooling'") == 1200


async def test_a_workspace_with_a_broken_clock_does_not_spoil_the_night_of_others(
    backstage: Backstage, worker: Worker
) -> None:
    await backstage.owner.execute("INSERT INTO workspaces (name, timezone) VALUES ('Broken', 'Mars/Olympus')")
    await backstage.owner.execute(
        "INSERT INTO workspaces (name, settings) VALUES ('Odd', '{\"nobody knows\": 1}'::jsonb)"
    )
    await until_idle(warm, worker)
    done = await backstage.owner.fetch("SELECT workspace_id FROM warmth_rounds WHERE done_for IS NOT NULL")
    assert [row["workspace_id"] for row in done] == [backstage.home.id]
