"""Imports that are killed, overtaken or disturbed in the middle: no line is lost, none is taken twice."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from crm.customers import actions as customer_actions
from crm.customers.schemas import CustomerCreate
from crm.database import Database, Transaction
from crm.events import publishing
from crm.imports import actions, batches, carrying, claims, landing
from crm.imports.batches import Outcome
from crm.imports.claims import LeaseLost
from crm.imports.landing import Match
from crm.imports.lines import Reading
from services.worker.importing import import_round
from tests.conftest import SECRET_KEY, Stage
from tests.factories import Workspace, found_workspace


class Killed(BaseException):
    """What a kill looks like from inside: nothing below may catch it."""


@dataclass
class Scene:
    """A database of one's own, with a workspace, and a worker on it."""

    stage: Stage
    workspace: Workspace
    database: Database
    importing: bool = False

    async def start(self, content: str) -> None:
        """An import that waits."""
        access = self.stage.database.writing(self.workspace.admin.actor)
        await actions.start(access, file_name="customers.csv", content=content.encode())

    async def expire(self) -> None:
        """Time passes until the lease of a dead worker has run out."""
        await self.stage.owner.execute("UPDATE imports SET leased_until = now() - interval '1 second'")

    async def imports(self) -> list[dict[str, Any]]:
        """The imports as they stand."""
        return [dict(row) for row in await self.stage.owner.fetch("SELECT * FROM imports ORDER BY created_at")]

    async def names(self) -> list[str]:
        """The names of all customers, each once per customer."""
        return [row["name"] for row in await self.stage.owner.fetch("SELECT name FROM customers ORDER BY id")]

    async def made(self) -> int:
        """How many facts tell of a new customer."""
        many: int = await self.stage.owner.fetchval("SELECT count(*) FROM events WHERE type = 'customer.created'")
        return many

    async def run(self) -> None:
        """The worker's rounds until nothing waits."""
        while await import_round(self):
            pass


@pytest_asyncio.fixture
async def scene(own_stage: Stage, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    """Batches of ten lines, so that a small file has several."""
    monkeypatch.setattr(carrying, "BATCH", 10)
    database = Database(own_stage.dsn("rapport_worker"), name="test-worker", size=4)
    yield Scene(own_stage, await found_workspace(own_stage.owner, SECRET_KEY), database)
    await database.close()


NAMES = [f"Customer {number}" for number in range(45)]
FILE = "name,parent\n" + "".join(f"{name},{NAMES[-1] if name != NAMES[-1] else ''}\n" for name in NAMES)


def kill_at(monkeypatch: pytest.MonkeyPatch, call: int) -> None:
    """Be killed in the middle of a batch: its customers are written, its commit has not come."""
    keep, calls = carrying._keep, 0

    async def killed(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == call:
            raise Killed
        await keep(*arguments)

    monkeypatch.setattr(carrying, "_keep", killed)


@pytest.mark.parametrize("call", [1, 3, 6, 10])
async def test_a_kill_in_the_middle_neither_loses_nor_doubles_a_line(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    await scene.start(FILE)
    kill_at(monkeypatch, call)
    with pytest.raises(Killed):
        await scene.run()
    (left,) = await scene.imports()
    assert (left["state"], left["position"]) == ("running", min((call - 1) * 10, 45) + max(call - 6, 0) * 10)
    assert len(await scene.names()) == left["lines_done"] == left["created_count"]

    await scene.run()
    assert (await scene.imports()) == [left], "its lease still runs"
    await scene.expire()
    await scene.run()
    (done,) = await scene.imports()
    assert (done["state"], done["lines_done"], done["created_count"]) == ("done", 45, 45)
    assert sorted(await scene.names()) == sorted(NAMES)
    assert await scene.made() == 45
    with_parent = await scene.stage.owner.fetchval("SELECT count(*) FROM customers WHERE parent_id IS NOT NULL")
    assert with_parent == 44


async def test_new_customers_are_published_where_they_land_with_all_that_they_owe(scene: Scene) -> None:
    owner, home = scene.stage.owner, scene.workspace.admin.actor.workspace_id
    await owner.execute(
        "INSERT INTO webhook_endpoints (workspace_id, url, types, secret) "
        "VALUES ($1, 'https://partner.example.com', '{customer.*}', 'sealed')",
        home,
    )
    await scene.start("name,website\nAcme,\nGlobex,\nAcme,https://acme.example.com\n")
    await scene.run()
    told = await owner.fetch(
        "SELECT e.type, e.published_at IS NOT NULL, array_agg(r.name), count(d) FROM events e "
        "LEFT JOIN reactions r ON r.event_id = e.id LEFT JOIN webhook_deliveries d ON d.event_id = e.id "
        "WHERE e.type LIKE 'customer.%' GROUP BY e.id, e.type, e.published_at ORDER BY e.id"
    )
    new, changed = ("customer.created", True, ["care.plan_contact"], 1), ("customer.updated", False, [None], 0)
    assert [tuple(row) for row in told] == [new, new, changed]
    async with scene.database.scanning() as tx:
        left = await publishing.publish(tx, after=UUID(int=0), share=100, most=100)
    assert [fact.type for fact in left] == ["import.started", "customer.updated", "import.finished"]


async def test_who_comes_back_late_finds_the_import_taken_and_changes_nothing(scene: Scene) -> None:
    await scene.start(FILE)
    async with scene.database.scanning() as tx:
        held = await claims.claim(tx)
    assert held is not None
    work = await carrying.take_up(scene.database, held)
    assert work is not None
    assert await carrying.step(scene.database, work)
    await scene.expire()
    await scene.run()
    before = await scene.imports()
    with pytest.raises(LeaseLost):
        await carrying.step(scene.database, work)
    await claims.release(scene.database, held)
    await claims.give_up(scene.database, held, "failed", "Nobody should read this.")
    with pytest.raises(LeaseLost):
        await carrying.take_up(scene.database, held)
    assert await scene.imports() == before
    assert before[0]["created_count"] == await scene.made() == 45


async def test_several_workers_share_several_imports_and_each_line_lands_once(scene: Scene) -> None:
    for number in range(4):
        await scene.start(f"name\n{''.join(f'{number}-{name}' + chr(10) for name in NAMES)}")
    await asyncio.gather(scene.run(), scene.run(), scene.run())
    assert {(one["state"], one["created_count"]) for one in await scene.imports()} == {("done", 45)}
    assert len(set(await scene.names())) == await scene.made() == 180


async def test_a_customer_made_meanwhile_is_found_by_the_next_try(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.start("name,registration_code,region\nAcme,AAAAAAAA,West\nOther,,\n")
    matches, calls = landing.matches, 0

    async def overtaken(tx: Transaction, readings: Sequence[Reading], match_by: str | None) -> list[Match]:
        nonlocal calls
        calls += 1
        found = await matches(tx, readings, match_by)
        if calls == 1:
            access = scene.stage.database.writing(scene.workspace.admin.actor)
            await customer_actions.create(access, CustomerCreate(name="First", registration_code="AAAAAAAA"))
        return found

    monkeypatch.setattr(landing, "matches", overtaken)
    await scene.run()
    (done,) = await scene.imports()
    assert (done["state"], done["created_count"], done["updated_count"]) == ("done", 1, 1)
    assert await scene.names() == ["Acme", "Other"]


async def test_what_cannot_be_stored_ends_that_import_and_no_other(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.start("name\nBad\n")
    await scene.start("name\nGood\n")
    customers_of = batches.customers_of

    async def stumbles(tx: Transaction, readings: Sequence[Reading], *how: Any, **more: Any) -> Outcome:
        if readings[0].content["name"] == "Bad":
            raise ValueError("a fault of ours")
        return await customers_of(tx, readings, *how, **more)

    monkeypatch.setattr(carrying, "customers_of", stumbles)
    await scene.run()
    bad, good = await scene.imports()
    assert (bad["state"], good["state"]) == ("failed", "done")
    assert bad["failure"] == "A line could not be stored. What came before it is there."
    assert await scene.names() == ["Good"]
    assert await scene.stage.owner.fetchval("SELECT count(*) FROM events WHERE type = 'import.finished'") == 2


async def test_what_may_pass_is_tried_again_when_the_lease_has_run_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.start(FILE)

    async def gone(*_: Any, **more: Any) -> Outcome:
        raise ConnectionResetError

    with monkeypatch.context() as broken:
        broken.setattr(carrying, "customers_of", gone)
        with pytest.raises(ConnectionResetError):
            await import_round(scene)
    assert [one["state"] for one in await scene.imports()] == ["running"]
    await scene.expire()
    await scene.run()
    assert [(one["state"], one["created_count"]) for one in await scene.imports()] == [("done", 45)]


async def test_a_long_import_gives_way_to_one_that_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.worker.importing.SECONDS", 0.0)
    await scene.start(FILE)
    await scene.start("name\nShort\n")
    for _ in range(2):
        await import_round(scene)
    long, short = await scene.imports()
    assert (long["state"], short["state"]) == ("running", "done")
    await scene.run()
    assert [one["state"] for one in await scene.imports()] == ["done", "done"]
