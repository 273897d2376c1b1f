"""Grades, card reviews and what happens by itself when a day begins (``domain.md`` B2, C2, D9)."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.opportunities.grades import grade, review_due, review_every
from crm.pipelines.defaults import open_first_pipeline
from crm.workspaces.settings import DEFAULTS
from services.worker.rounds import Worker
from services.worker.selling import look_after_sales
from tests.opportunities.selling import day
from tests.worker.conftest import Backstage, backstage, until_idle, worker

__all__ = ["backstage", "worker"]

TODAY = date(2026, 11, 30)


# domain.md D9, row by row.
@pytest.mark.parametrize(
    ("expected", "letter"),
    [
        ("2026-11-30", "H"), ("2026-12-07", "H"), ("2026-12-08", "A"), ("2026-12-30", "A"), ("2026-12-31", "B"),
        ("2027-02-28", "B"), ("2027-03-01", "C"), (None, "C"), ("2026-11-20", "overdue"),
    ],
)  # fmt: skip
def test_the_grade_follows_the_expected_close(expected: str | None, letter: str) -> None:
    assert grade(date.fromisoformat(expected) if expected else None, TODAY, DEFAULTS) == letter


@pytest.mark.parametrize(
    ("letter", "due"), [("H", "2026-12-01"), ("A", "2026-12-07"), ("B", "2026-12-30"), ("C", "2027-02-28")]
)
def test_the_next_look_at_a_card_follows_its_grade(letter: Any, due: str) -> None:
    assert review_due(TODAY, letter, DEFAULTS) == date.fromisoformat(due)


def test_what_is_overdue_is_looked_at_tomorrow() -> None:
    assert review_every("overdue", DEFAULTS) == 1


@given(st.dates(date(2026, 12, 1), date(2030, 1, 1)), st.dates(date(2026, 12, 1), date(2030, 1, 1)))
def test_what_closes_sooner_is_looked_at_sooner(one: date, other: date) -> None:
    near, far = sorted([one, other])
    assert review_every(grade(near, TODAY, DEFAULTS), DEFAULTS) <= review_every(grade(far, TODAY, DEFAULTS), DEFAULTS)


async def sale(backstage: Backstage, owner: Any, **columns: Any) -> Any:
    """A sale as the database has it, in a workspace that sells."""
    home = backstage.home
    there = await backstage.owner.fetchrow(
        "SELECT s.pipeline_id, s.id FROM pipeline_stages AS s WHERE workspace_id = $1 AND place = 1", home.id
    )
    if there is None:
        async with backstage.stage.database.transaction(home.admin.actor) as tx:
            orjson.loads((await open_first_pipeline(tx)).body)
        return await sale(backstage, owner, **columns)
    values = {
        "workspace_id": home.id, "name": "Two lines", "pipeline_id": there["pipeline_id"], "stage_id": there["id"],
        "owner_id": owner.id, "opened_on": TODAY, **columns,
    }  # fmt: skip
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    return await backstage.owner.fetchval(
        f"INSERT INTO opportunities ({', '.join(values)}) VALUES ({places}) RETURNING id", *values.values()
    )


async def test_when_a_day_begins_sales_are_graded_anew_and_go_on(backstage: Backstage, worker: Worker) -> None:
    anna = backstage.home.anna
    late = await sale(backstage, anna, expected_close_on=date.fromisoformat(day(-1)), grade="H")
    rests = await sale(backstage, anna, state="on_hold", resume_on=date.fromisoformat(day()))
    sleeps = await sale(backstage, anna, state="on_hold", resume_on=date.fromisoformat(day(1)))
    closed = await sale(backstage, anna, expected_close_on=date.fromisoformat(day(-1)), grade="H",
                        state="lost", lost_reason="price", closed_on=TODAY, closed_at=datetime.now(UTC))  # fmt: skip
    await until_idle(look_after_sales, worker)
    rows = {row["id"]: row for row in await backstage.owner.fetch("SELECT * FROM opportunities")}
    assert (rows[late]["grade"], rows[closed]["grade"]) == ("overdue", "H")
    assert (rows[rests]["state"], rows[rests]["resume_on"]) == ("open", None)
    assert rows[sleeps]["state"] == "on_hold"
    assert sorted(await backstage.types())[-2:] == ["opportunity.resumed", "pipeline.created"]
    assert (await backstage.types()).count("opportunity.grade_changed") == 1
    moves = await backstage.owner.fetch("SELECT * FROM opportunity_moves")
    assert [(move["move"], move["from_state"], move["to_state"]) for move in moves] == [("resume", "on_hold", "open")]
    (told,) = await backstage.owner.fetch("SELECT * FROM notifications")
    assert (told["user_id"], told["kind"], told["subject_id"]) == (anna.id, "opportunity_overdue", late)


async def test_who_has_too_few_sales_is_told_once_a_day(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute('UPDATE workspaces SET settings = settings || \'{"opportunities": {"floor": 2}}\'')
    for _ in range(2):
        await sale(backstage, backstage.home.ben)
    await sale(backstage, backstage.home.anna)
    for _ in range(2):
        await until_idle(look_after_sales, worker)
        await backstage.owner.execute("UPDATE opportunity_rounds SET done_for = NULL")
    (told,) = await backstage.owner.fetch("SELECT * FROM notifications")
    assert (told["user_id"], told["kind"]) == (backstage.home.anna.id, "prospect_floor")
    assert told["title"] == "You have 1 open opportunities; 2 are expected."
