"""Each rule that the product comes with, from what happens to the task and on to its reminder in the inbox."""

from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from crm import clock
from crm.task_rules.shipped import SHIPPED
from services.worker.firing import fire
from services.worker.missing import miss_visits
from services.worker.rounds import Worker
from services.worker.ruling import rule
from services.worker.warming import warm
from tests.opportunities.test_days import sale
from tests.worker.conftest import Backstage, settle, until_idle
from tests.worker.test_care import new_customer
from tests.worker.test_missing import VISIT
from tests.worker.test_rules import customer, furnish, person


def ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def tonight(days: int = 0) -> date:
    """The day whose night's work is done now, and days after it."""
    return clock.night(datetime.now(UTC), "Asia/Shanghai") + timedelta(days=days)


async def long_unheard_of(backstage: Backstage) -> UUID:
    return await customer(backstage, created_at=ago(400), last_contact_at=ago(130))


async def contact_to_come(backstage: Backstage) -> UUID:
    return await new_customer(backstage)


async def birthday(backstage: Backstage, day: date) -> UUID:
    born = {"calendar": "solar", "month": day.month, "day": day.day}
    return await person(backstage, await customer(backstage), "Li", born, day)


async def missed_visit(backstage: Backstage) -> UUID:
    visit_id: UUID = await backstage.owner.fetchval(VISIT, await customer(backstage), "confirmed", timedelta(hours=25))
    return visit_id


async def key_customer_unheard_of(backstage: Backstage) -> UUID:
    # A key customer is to be contacted every 30 days: twice that has passed.
    return await customer(backstage, created_at=ago(400), last_contact_at=ago(62), **{"class": "key"})


async def unmoved(backstage: Backstage) -> UUID:
    return await customer(backstage, created_at=ago(181))


async def unverified(backstage: Backstage) -> UUID:
    return await customer(backstage, created_at=ago(800), verified_on=tonight(-366))


async def sold(backstage: Backstage, **columns: Any) -> UUID:
    made: UUID = await sale(backstage, backstage.home.anna, customer_id=await customer(backstage), **columns)
    return made


HAPPENS: dict[str, tuple[str, Callable[[Backstage], Awaitable[UUID]]]] = {
    "next_contact_due": ("customer", contact_to_come),
    "birthday_soon": ("contact", lambda backstage: birthday(backstage, tonight(1))),
    "birthday_today": ("contact", lambda backstage: birthday(backstage, tonight())),
    "visit_missed": ("visit", missed_visit),
    "long_absent": ("customer", long_unheard_of),
    "interrupted": ("customer", key_customer_unheard_of),
    "stage_unchanged": ("customer", unmoved),
    "verification_due": ("customer", unverified),
    "no_next_step": ("opportunity", lambda backstage: sold(backstage, last_activity_at=ago(20))),
    "card_review_due": ("opportunity", lambda backstage: sold(backstage, review_due_on=tonight())),
    "contract_ending": (
        "opportunity",
        lambda backstage: sold(
            backstage,
            state="won",
            amount=1,
            currency="CNY",
            closed_at=ago(300),
            closed_on=tonight(-300),
            contract_ends_on=tonight(20),
        ),
    ),
}

AWAITED = {"complaint_answered"}
"""Rules of what another part of the product tells; they are tested there."""


def test_no_rule_is_left_out() -> None:
    assert HAPPENS.keys() | AWAITED == SHIPPED.keys()


@pytest.mark.parametrize("key", HAPPENS)
async def test_what_happens_becomes_one_task_and_its_reminder_is_heard(
    backstage: Backstage, worker: Worker, key: str
) -> None:
    subject_type, happen = HAPPENS[key]
    await furnish(backstage, key)
    subject_id = await happen(backstage)

    async def work() -> None:
        await until_idle(miss_visits, worker)
        await settle(worker)
        await until_idle(rule, worker)
        await until_idle(warm, worker)
        await settle(worker)

    await work()
    (task,) = await backstage.owner.fetch("SELECT * FROM tasks")
    assert (task["subject_type"], task["subject_id"]) == (subject_type, subject_id)
    assert (task["assignee_id"], task["state"]) == (backstage.home.anna.id, "open")
    (reminder,) = await backstage.owner.fetch("SELECT * FROM reminders")
    assert (reminder["subject_id"], reminder["fire_at"], reminder["state"]) == (task["id"], task["due_at"], "scheduled")
    # Its moment comes.
    await backstage.owner.execute("UPDATE reminders SET fire_at = now()")
    await until_idle(fire, worker)
    (heard,) = await backstage.owner.fetch("SELECT * FROM notifications WHERE kind = 'reminder'")
    assert (heard["user_id"], heard["title"], heard["subject_id"]) == (
        backstage.home.anna.id, task["title"], task["id"],
    )  # fmt: skip
    # The next night asks for nothing that was asked for.
    await backstage.owner.execute("UPDATE task_rule_rounds SET done_for = NULL")
    await backstage.owner.execute("UPDATE task_rule_runs SET day = day - 1")
    await work()
    assert await backstage.owner.fetchval("SELECT count(*) FROM tasks") == 1


async def test_a_contract_is_told_of_in_its_last_days_unless_its_renewal_has_begun(
    backstage: Backstage, worker: Worker
) -> None:
    await furnish(backstage, "contract_ending")
    won = {"state": "won", "amount": 1, "currency": "CNY", "closed_at": ago(300), "closed_on": tonight(-300)}
    near = [await sold(backstage, contract_ends_on=tonight(days), **won) for days in (0, 30)]
    await sold(backstage, contract_ends_on=tonight(31), **won)
    await sold(backstage, contract_ends_on=tonight(-1), **won)
    await sold(backstage, **won)
    await sold(backstage, contract_ends_on=tonight(5), archived_at=ago(1), **won)
    await sold(backstage, contract_ends_on=tonight(5))
    renewed = await sold(backstage, contract_ends_on=tonight(5), **won)
    await sold(backstage, renewal_of_id=renewed)
    await until_idle(rule, worker)
    found = await backstage.owner.fetch("SELECT subject_id, title FROM tasks")
    assert {row["subject_id"] for row in found} == set(near)
    assert {row["title"] for row in found} == {
        f"The contract of Acme (Two lines) ends on {tonight(days)}" for days in (0, 30)
    }
