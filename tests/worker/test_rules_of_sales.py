"""What the product watches of sales at night, and what may be hung on a sale (``domain.md`` B5, D9)."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from services.worker.rounds import Worker
from services.worker.ruling import rule
from tests.opportunities.test_days import sale
from tests.worker.conftest import Backstage, until_idle
from tests.worker.test_rules import customer, furnish, night_of, runs, tasks

# Friday; Monday the 23rd and Tuesday the 24th are the working days after it.
MOVED = datetime(2026, 11, 20, 4, tzinfo=UTC)


async def sold(backstage: Backstage, name: str, **columns: Any) -> UUID:
    """An open sale to a customer of the same name, last moved on that Friday."""
    at = await customer(backstage, f"Customer of {name}")
    given = {"customer_id": at, "name": name, "last_activity_at": MOVED, **columns}
    made: UUID = await sale(backstage, backstage.home.anna, **given)
    return made


@pytest.mark.parametrize(
    ("tonight", "names"),
    [
        (date(2026, 11, 23), set()),
        (date(2026, 11, 24), {"None"}),
        (date(2026, 11, 25), {"None", "Past"}),
    ],
)
async def test_a_sale_without_a_step_to_come_is_asked_about_after_two_working_days(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch, tonight: date, names: set[str]
) -> None:
    await furnish(backstage, "no_next_step")
    step = {"next_step": "Call"}
    await sold(backstage, "None")
    past = await sold(backstage, "Past", **step, next_step_on=date(2026, 11, 23))
    await sold(backstage, "To come", **step, next_step_on=date(2026, 11, 26))
    await sold(backstage, "Some day", **step)
    await sold(backstage, "Rests", state="on_hold", resume_on=date(2027, 1, 4))
    await sold(backstage, "Put aside", archived_at=MOVED)
    await sold(backstage, "Over", state="lost", lost_reason="price", closed_at=MOVED, closed_on=date(2026, 11, 20))
    for _ in range(2):
        await night_of(backstage, tonight, monkeypatch)
        found = await tasks(backstage)
        assert {row["title"].split(" with ")[1] for row in found} == {f"{one} (Customer of {one})?" for one in names}
        assert {(row["subject_type"], row["assignee_id"]) for row in found} <= {("opportunity", backstage.home.anna.id)}
    if "Past" in names:
        row = next(row for row in found if row["subject_id"] == past)
        at = await backstage.owner.fetchval("SELECT customer_id FROM opportunities WHERE id = $1", past)
        assert row["customer_id"] == at


async def test_a_step_that_passes_again_is_asked_about_again(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "no_next_step")
    late = await sold(backstage, "Late", next_step="Call", next_step_on=date(2026, 11, 16))
    await night_of(backstage, date(2026, 11, 19), monkeypatch)
    await backstage.owner.execute("UPDATE opportunities SET next_step_on = '2026-11-23' WHERE id = $1", late)
    for day in (23, 24, 25, 26):
        await night_of(backstage, date(2026, 11, day), monkeypatch)
    assert [row["subject_id"] for row in await tasks(backstage)] == [late, late]


async def test_a_card_is_to_be_reviewed_from_its_day_on_once(
    backstage: Backstage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await furnish(backstage, "card_review_due")
    # D9: reviewed on 30 November, an A card is due on 7 December, an H card on 1 December.
    a_card = await sold(backstage, "A", review_due_on=date(2026, 12, 7))
    h_card = await sale(backstage, backstage.home.anna, name="H", review_due_on=date(2026, 12, 1))
    seen = []
    for day in (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 2), date(2026, 12, 6), date(2026, 12, 7)):
        await night_of(backstage, day, monkeypatch)
        seen.append([row["subject_id"] for row in await tasks(backstage)])
    assert seen == [[], [h_card], [h_card], [h_card], [h_card, a_card]]
    found = await tasks(backstage)
    assert {row["kind"] for row in found} == {"card_review"}
    assert found[1]["title"] == "Review the card of A (Customer of A)"


async def test_a_sale_of_nobody_is_left_out_and_counted(backstage: Backstage, worker: Worker) -> None:
    await furnish(backstage, "card_review_due")
    await sold(backstage, "Nobody's", owner_id=None, review_due_on=date(2026, 11, 2))
    await sold(backstage, "Anna's", review_due_on=date(2026, 11, 2))
    await until_idle(rule, worker)
    assert len(await tasks(backstage)) == 1
    assert (await runs(backstage))["card_review_due"]["skipped"] == {"no_owner": 1}
