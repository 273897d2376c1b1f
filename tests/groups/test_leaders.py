"""The leaders of key companies have files of their own, or the owner is asked to make one."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from crm import clock
from crm.calendars import actions as calendars
from crm.calendars import days
from crm.calendars.schemas import CalendarCreate, CalendarDayPut, WeekHours
from crm.contacts import actions as contacts
from crm.contacts import leaving
from crm.contacts.schemas import ContactCreate, ContactLeave, ContactUpdate
from crm.customers import actions as customers
from crm.customers.schemas import CustomerCreate, CustomerUpdate
from crm.database import Access
from crm.groups import links
from crm.groups.schemas import LinkCreate, LinkUpdate
from crm.opportunities.seams import has_open_opportunity
from services.worker.rounds import Worker
from tests.worker.conftest import Backstage, backstage, settle, worker

__all__ = ["backstage", "worker"]


def as_manager(backstage: Backstage) -> Access:
    return backstage.stage.database.writing(backstage.home.admin.actor)


async def company(backstage: Backstage, **more: Any) -> UUID:
    new = {"name": "Group", "class": "key", "owner_id": backstage.home.anna.id, **more}
    return (await customers.create(as_manager(backstage), CustomerCreate.model_validate(new))).id


async def change(backstage: Backstage, customer_id: UUID, **values: Any) -> None:
    await customers.update(as_manager(backstage), customer_id, CustomerUpdate.model_validate(values))


async def top_contact(backstage: Backstage, customer_id: UUID, name: str = "Li Wei", level: str = "top") -> UUID:
    new = ContactCreate.model_validate({"customer_id": customer_id, "name": name, "level": level})
    return (await contacts.create(as_manager(backstage), new)).id


async def linked(backstage: Backstage, company_id: UUID, name: str, *, top: bool = False) -> tuple[UUID, UUID]:
    """A person with a file, linked to the company: the person, the link."""
    access = as_manager(backstage)
    person = (await customers.create(access, CustomerCreate.model_validate({"name": name, "kind": "person"}))).id
    return person, (await links.link(access, company_id, LinkCreate(person_id=person, is_top_leader=top))).id


async def asked(backstage: Backstage, customer_id: UUID) -> list[asyncpg.Record]:
    return await backstage.owner.fetch(
        "SELECT title, state, assignee_id, outcome, cancel_reason FROM tasks "
        "WHERE customer_id = $1 AND dedupe_key LIKE 'leader_file:%' ORDER BY created_at, id",
        customer_id,
    )


def brief(rows: list[asyncpg.Record]) -> list[tuple[str, str]]:
    return [(row["title"], row["state"]) for row in rows]


UNKNOWN = "Find out who leads Group, and keep a customer file for that person"
WITHOUT: Mapping[str, str] = {
    name: f"Make a customer file for {name}, who leads Group, and link the two" for name in ("Li Wei", "Wang Fang")
}


async def test_a_key_company_without_a_leader_asks_its_owner_once(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    await settle(worker)
    (task,) = await asked(backstage, made)
    assert (task["title"], task["state"], task["assignee_id"]) == (UNKNOWN, "open", backstage.home.anna.id)
    await change(backstage, made, key_kind="double")
    await change(backstage, made, **{"class": "potential"})
    await settle(worker)
    (task,) = await asked(backstage, made)
    assert (task["state"], task["cancel_reason"]) == ("cancelled", "This is no longer asked for.")


async def test_an_ordinary_company_is_asked_when_it_becomes_key(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage, **{"class": "ordinary"})
    await top_contact(backstage, made)
    await settle(worker)
    assert await asked(backstage, made) == []
    await change(backstage, made, **{"class": "key"})
    await settle(worker)
    assert brief(await asked(backstage, made)) == [(WITHOUT["Li Wei"], "open")]


async def test_every_leader_has_a_task_that_closes_when_the_file_is_linked(
    backstage: Backstage, worker: Worker
) -> None:
    made = await company(backstage)
    await top_contact(backstage, made)
    await top_contact(backstage, made, "Wang Fang")
    await top_contact(backstage, made, "Zhao", "middle")
    await settle(worker)
    tasks = dict(brief(await asked(backstage, made)))
    assert tasks.pop(UNKNOWN, "done") == "done"
    assert tasks == {WITHOUT["Li Wei"]: "open", WITHOUT["Wang Fang"]: "open"}
    await linked(backstage, made, "ＬＩ wei")
    await settle(worker)
    tasks = dict(brief(await asked(backstage, made)))
    assert (tasks[WITHOUT["Li Wei"]], tasks[WITHOUT["Wang Fang"]]) == ("done", "open")


async def test_a_link_to_the_top_leader_is_enough_and_its_end_is_noticed(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    person, _ = await linked(backstage, made, "Li", top=True)
    await settle(worker)
    assert await asked(backstage, made) == []
    await customers.archive(as_manager(backstage), person, unless=has_open_opportunity)
    await settle(worker)
    assert brief(await asked(backstage, made)) == [(UNKNOWN, "open")]
    await customers.restore(as_manager(backstage), person)
    await settle(worker)
    assert brief(await asked(backstage, made)) == [(UNKNOWN, "done")]


async def test_a_leader_who_is_one_no_longer_is_not_asked_for(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    await linked(backstage, made, "Li", top=True)
    contact = await top_contact(backstage, made)
    await settle(worker)
    assert brief(await asked(backstage, made)) == [(WITHOUT["Li Wei"], "open")]
    await contacts.update(as_manager(backstage), contact, ContactUpdate(level="base"))
    await settle(worker)
    (task,) = await asked(backstage, made)
    assert (task["state"], task["cancel_reason"]) == ("cancelled", "This is no longer asked for.")


async def test_a_leader_who_left_the_company_is_not_asked_for(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    contact = await top_contact(backstage, made)
    await settle(worker)
    await leaving.leave(as_manager(backstage), contact, ContactLeave())
    await settle(worker)
    assert brief(await asked(backstage, made)) == [(WITHOUT["Li Wei"], "cancelled"), (UNKNOWN, "open")]


async def test_the_task_says_why_it_is_over(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    await settle(worker)
    await top_contact(backstage, made)
    await settle(worker)
    await linked(backstage, made, "Li Wei")
    await settle(worker)
    assert [row["outcome"] for row in await asked(backstage, made)] == [
        "The leader is known by now.",
        "The leader has a file by now.",
    ]


async def test_the_task_goes_with_the_company_to_its_new_owner(backstage: Backstage, worker: Worker) -> None:
    made = await company(backstage)
    await settle(worker)
    await change(backstage, made, owner_id=backstage.home.ben.id)
    await settle(worker)
    (task,) = await asked(backstage, made)
    assert (task["state"], task["assignee_id"]) == ("open", backstage.home.ben.id)
    await customers.archive(as_manager(backstage), made, unless=has_open_opportunity)
    await settle(worker)
    (task,) = await asked(backstage, made)
    assert task["state"] == "cancelled"


async def test_a_workspace_in_chinese_is_asked_in_chinese(backstage: Backstage, worker: Worker) -> None:
    await backstage.owner.execute("UPDATE workspaces SET language = 'zh-CN'")
    made = await company(backstage, name="长安集团")
    await settle(worker)
    assert brief(await asked(backstage, made)) == [("了解长安集团的主要负责人并建立个人客户档案", "open")]


async def test_a_link_that_becomes_the_leaders_answers_the_question(backstage: Backstage, worker: Worker) -> None:
    at = await company(backstage)
    _, link = await linked(backstage, at, "Wang")
    await settle(worker)
    assert brief(await asked(backstage, at)) == [(UNKNOWN, "open")]
    await links.update(as_manager(backstage), at, link, LinkUpdate(is_top_leader=True))
    await settle(worker)
    assert brief(await asked(backstage, at)) == [(UNKNOWN, "done")]


async def test_it_is_due_on_a_working_day_of_the_owner_after_two_weeks(backstage: Backstage, worker: Worker) -> None:
    async with backstage.stage.database.transaction(backstage.home.admin.actor) as tx:
        week = [WeekHours(weekday=weekday, opens="09:00", closes="17:00") for weekday in range(1, 8)]
        made = await calendars.create(tx, CalendarCreate(name="Mine", timezone="Asia/Shanghai", week=week))
        for ahead in (14, 15):
            day = clock.today("Asia/Shanghai") + timedelta(days=ahead)
            await days.put(tx, made.id, day, CalendarDayPut(kind="holiday"))
    await backstage.owner.execute("UPDATE users SET calendar_id = $1", made.id)
    company_id = await company(backstage)
    await settle(worker)
    due_at = await backstage.owner.fetchval(
        "SELECT due_at FROM tasks WHERE dedupe_key = $1", f"leader_file:{company_id}"
    )
    assert clock.local_date(due_at, "Asia/Shanghai") == clock.today("Asia/Shanghai") + timedelta(days=16)
