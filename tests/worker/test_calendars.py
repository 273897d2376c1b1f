"""Calendars kept filled by the worker."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import pytest

from crm.calendars import founding, upkeep
from crm.calendars.holidays import filled
from crm.clock import today
from crm.founding import found_workspace
from services.worker.calendars import keep_calendars
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage


async def first_calendar(backstage: Backstage) -> UUID:
    """The calendar of the workspace on stage."""
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        return await founding.open_first_calendar(tx)


async def days_of(backstage: Backstage, calendar_id: UUID) -> int:
    found: int = await backstage.owner.fetchval(
        "SELECT count(*) FROM calendar_days WHERE calendar_id = $1", calendar_id
    )
    return found


async def test_a_workspace_is_founded_with_a_calendar_and_its_days_numbered(backstage: Backstage) -> None:
    password = "a fine password"
    home = (await found_workspace(backstage.stage.database, "New", "a@example.com", password)).workspace_id
    row = await backstage.owner.fetchrow(
        "SELECT c.*, (SELECT count(*) FROM working_days AS d WHERE d.calendar_id = c.id) AS numbered "
        "FROM workspaces AS w JOIN calendars AS c ON c.id = w.calendar_id WHERE w.workspace_id = $1",
        home,
    )
    assert row is not None
    assert (row["name"], row["timezone"], row["country"]) == ("工作时间", "Asia/Shanghai", "CN")
    assert row["numbered"] > 4 * 365
    assert len(row["years"]) == 4


async def test_a_calendar_without_days_is_filled_once_and_provisional_years_when_they_are_known(
    backstage: Backstage, worker: Worker
) -> None:
    calendar_id = await first_calendar(backstage)
    before = await days_of(backstage, calendar_id)
    await keep_calendars(worker)
    assert await backstage.types() == ["calendar.created"], "there is nothing to do"
    # As a migration leaves it, or a package of last year.
    this_year = str(today("Asia/Shanghai").year)
    await backstage.owner.execute("DELETE FROM calendar_days")
    await backstage.owner.execute("DELETE FROM working_days")
    await backstage.owner.execute("UPDATE calendars SET years = $1", {"2026": "provisional"})
    await keep_calendars(worker)
    assert await days_of(backstage, calendar_id) == before
    years = await backstage.owner.fetchval("SELECT years FROM calendars")
    assert years["2026"] == "announced"
    assert this_year in years
    assert await backstage.types() == ["calendar.created", "calendar.days_changed"]
    await keep_calendars(worker)
    assert (await backstage.types()).count("calendar.days_changed") == 1


async def test_a_year_that_is_new_is_numbered_without_a_fact(backstage: Backstage, worker: Worker) -> None:
    await first_calendar(backstage)
    last = await backstage.owner.fetchval("SELECT max(day) FROM working_days")
    await backstage.owner.execute("DELETE FROM working_days WHERE extract(year FROM day) = $1", last.year)
    await keep_calendars(worker)
    assert await backstage.owner.fetchval("SELECT max(day) FROM working_days") == last
    assert await backstage.types() == ["calendar.created"]


async def test_in_december_a_missing_notice_is_told(
    backstage: Backstage, worker: Worker, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await first_calendar(backstage)
    monkeypatch.setattr(upkeep, "WARN_FROM_MONTH", 13)
    with caplog.at_level(logging.WARNING, "rapport.worker.calendars"):
        await keep_calendars(worker)
        assert caplog.records == []
        monkeypatch.setattr(upkeep, "WARN_FROM_MONTH", 1)
        await keep_calendars(worker)
    next_year = datetime.now(UTC).year + 1
    unsure = filled("CN", None, next_year, "en").state == "provisional"
    assert len(caplog.records) == int(unsure)
