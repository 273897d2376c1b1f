"""Snapshots day by day, what changed between two of them, and how good a forecast was."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
import pytest_asyncio

from crm.actor import system
from crm.database import Database
from crm.forecasts import nightly, paces, snapshots, stalling
from crm.workspaces.settings import DEFAULTS
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.forecasts.selling import put, today
from tests.forecasts.test_forecast import ask, values

CHANGES, ACCURACY = "/v1/forecast/changes", "/v1/reports/forecast-accuracy"

Keep = Callable[[date], Awaitable[None]]


@pytest_asyncio.fixture
async def worker(stage: Stage) -> AsyncIterator[Database]:
    """The database as the worker has it."""
    database = Database(stage.dsn("rapport_worker"), name="test-worker", size=2)
    yield database
    await database.close()


def product(workspace: Workspace) -> Any:
    """The product acting by its rules in the workspace."""
    return system(workspace.id, timezone="Asia/Shanghai", settings=DEFAULTS)


@pytest_asyncio.fixture
async def keep(worker: Database, workspace: Workspace) -> Keep:
    """Take the snapshot of a day, in batches of three."""

    async def take(day: date) -> None:
        async with worker.transaction(product(workspace)) as tx:
            while await snapshots.take(tx, day, most=3):
                pass
            await nightly.finish(tx, day)

    return take


def ago(days: int) -> date:
    """The day so many days ago."""
    return today() - timedelta(days=days)


async def rows(workspace: Workspace) -> list[tuple[str, date, date]]:
    """All snapshots: of what, from which day, until which."""
    found = await workspace.owner.fetch(
        "SELECT * FROM opportunity_days WHERE workspace_id = $1 ORDER BY from_day, opportunity_id", workspace.id
    )
    return [(str(row["opportunity_id"]), row["from_day"], row["until_day"]) for row in found]


async def alter(workspace: Workspace, sale: str, **new: Any) -> None:
    """Change a sale behind the product's back."""
    columns = ", ".join(f"{name} = ${place}" for place, name in enumerate(new, start=2))
    await workspace.owner.execute(f"UPDATE opportunities SET {columns} WHERE id = $1", sale, *new.values())


async def lose(workspace: Workspace, sale: str, state: str = "lost") -> None:
    """Close a sale today."""
    await workspace.owner.execute(
        "UPDATE opportunities SET state = $2, closed_at = now(), closed_on = $3, lost_reason = 'price' WHERE id = $1",
        sale, state, today(),
    )  # fmt: skip


def nonzero(found: dict[str, Any]) -> dict[str, tuple[int, str]]:
    """The pieces in which there is something."""
    return {name: (one["count"], one["amount"]) for name, one in found["pieces"].items() if one["count"]}


async def test_what_stands_as_it_stood_costs_no_row(workspace: Workspace, keep: Keep) -> None:
    made = [await put(workspace, amount=amount) for amount in ("1", "2", "3", "4")]
    await keep(ago(3))
    await keep(ago(3))
    await keep(ago(2))
    assert [row[1:] for row in await rows(workspace)] == [(ago(3), snapshots.FOR_EVER)] * 4
    await alter(workspace, made[0], amount=Decimal(10))
    await keep(ago(1))
    await alter(workspace, made[0], amount=Decimal(20))
    await keep(ago(1))
    of_first = [row[1:] for row in await rows(workspace) if row[0] == made[0]]
    assert of_first == [(ago(3), ago(1)), (ago(1), snapshots.FOR_EVER)]
    assert len(await rows(workspace)) == 5


async def test_old_days_are_forgotten_but_not_what_still_holds(
    client: Client, workspace: Workspace, keep: Keep
) -> None:
    sale = await put(workspace, amount="5")
    await keep(ago(2000))
    await alter(workspace, sale, amount=Decimal(6))
    await keep(ago(1500))
    assert len(await rows(workspace)) == 2
    await keep(ago(1))
    assert [row[1:] for row in await rows(workspace)] == [(ago(1500), snapshots.FOR_EVER)]
    refused = await client.get(CHANGES, params={"from": ago(1500).isoformat()})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "query:from"
    assert (await ask(client, CHANGES, **{"from": ago(1000).isoformat()}))["opening"]["amount"] == "6.00"


@pytest.mark.parametrize("to", ["snapshot", "now"])
async def test_each_thing_that_can_become_of_a_sale_is_a_piece(
    client: Client, workspace: Workspace, keep: Keep, to: str
) -> None:
    names = ("grown", "shrunk", "won", "lost", "held", "archived", "reweighted", "unchanged")
    of = {name: await put(workspace, amount="100") for name in names}
    of["reopened"] = await put(workspace, amount="7", state="lost")
    of["resumed"] = await put(workspace, amount="8", state="on_hold")
    await keep(ago(5))
    await alter(workspace, of["grown"], amount=Decimal(150), expected_close_on=ago(-9))
    await alter(workspace, of["shrunk"], amount=Decimal(60), expected_close_on=ago(9))
    await lose(workspace, of["won"], "won")
    await lose(workspace, of["lost"])
    await alter(workspace, of["held"], state="on_hold", resume_on=ago(-9))
    await workspace.owner.execute("UPDATE opportunities SET archived_at = now() WHERE id = $1", of["archived"])
    await alter(workspace, of["reweighted"], probability=Decimal("0.5"))
    await alter(workspace, of["reopened"], state="open", closed_at=None, closed_on=None, lost_reason=None)
    await alter(workspace, of["resumed"], state="open", resume_on=None)
    await put(workspace, amount="33")
    if to == "snapshot":
        await keep(ago(2))
    until = {"to": ago(2).isoformat()} if to == "snapshot" else {}
    found = await ask(client, CHANGES, **{"from": ago(5).isoformat()}, **until)
    assert nonzero(found) == {
        "new": (1, "33.00"),
        "reopened": (1, "7.00"),
        "resumed": (1, "8.00"),
        "grown": (1, "50.00"),
        "shrunk": (1, "-40.00"),
        "reweighted": (1, "0.00"),
        "won": (1, "-100.00"),
        "lost": (1, "-100.00"),
        "held": (1, "-100.00"),
        "archived": (1, "-100.00"),
    }
    assert (found["opening"]["amount"], found["closing"]["amount"]) == ("800.00", "458.00")
    assert found["pieces"]["reweighted"]["weighted"] == "45.00"
    assert (found["close_dates_moved"]["later"]["count"], found["close_dates_moved"]["earlier"]["count"]) == (1, 1)
    assert found["is_live"] is (to == "now")
    assert found["closing"]["amount"] == values((await ask(client, period="all"))["total"])["open_pipeline"]


async def test_within_days_sales_slip_out_and_are_pulled_in(client: Client, workspace: Workspace, keep: Keep) -> None:
    slips = await put(workspace, amount="10", expected=ago(-3))
    pulled = await put(workspace, amount="20", expected=ago(-30))
    await keep(ago(5))
    await alter(workspace, slips, expected_close_on=ago(-40))
    await alter(workspace, pulled, expected_close_on=ago(-4))
    await keep(ago(2))
    query = {"from": ago(5).isoformat(), "to": ago(2).isoformat()}
    found = await ask(client, CHANGES, **query, expected_close_on_lte=ago(-10).isoformat())
    assert nonzero(found) == {"pulled_in": (1, "20.00"), "slipped": (1, "-10.00")}
    assert nonzero(await ask(client, CHANGES, **query)) == {}


async def test_what_changes_hands_moves_out_of_one_and_into_the_other(
    client: Client, clients: Clients, workspace: Workspace, keep: Keep
) -> None:
    sale = await put(workspace, amount="10", owner=workspace.anna)
    await keep(ago(5))
    await alter(workspace, sale, owner_id=workspace.ben.id, team_id=workspace.south)
    await keep(ago(2))
    query = {"from": ago(5).isoformat(), "to": ago(2).isoformat()}
    assert nonzero(await ask(client, CHANGES, **query)) == {}
    assert nonzero(await ask(clients(workspace.anna.token), CHANGES, **query)) == {"moved_out": (1, "-10.00")}
    assert nonzero(await ask(clients(workspace.ben.token), CHANGES, **query)) == {"moved_in": (1, "10.00")}
    assert nonzero(await ask(client, CHANGES, **query, team_id=str(workspace.south))) == {"moved_in": (1, "10.00")}


async def test_whatever_happens_the_pieces_add_up_to_the_whole(
    client: Client, workspace: Workspace, keep: Keep
) -> None:
    chance = random.Random(20261122)
    people = [workspace.anna, workspace.ben, workspace.manager]
    sales = [await put(workspace, amount=str(chance.randint(1, 500)), owner=chance.choice(people)) for _ in range(20)]
    totals: dict[date, Decimal] = {}
    for place in range(9, 3, -1):
        for sale in chance.sample(sales, 9):
            await _something(workspace, chance, sale, people)
        sales += [await put(workspace, amount=str(chance.randint(1, 500)), owner=chance.choice(people))]
        await keep(ago(place))
        shown = values((await ask(client, period="all"))["total"])["open_pipeline"]
        totals[ago(place)] = Decimal(shown or "0")
    days = sorted(totals)
    for since, until in combinations(days, 2):
        found = await ask(client, CHANGES, **{"from": since.isoformat(), "to": until.isoformat()})
        assert Decimal(found["opening"]["amount"]) == totals[since]
        assert Decimal(found["closing"]["amount"]) == totals[until]
        for of in ("amount", "weighted"):
            moved = sum(Decimal(piece[of]) for piece in found["pieces"].values())
            assert abs(Decimal(found["opening"][of]) + moved - Decimal(found["closing"][of])) < Decimal("0.1")
        came = {"new", "reopened", "resumed", "pulled_in", "moved_in"}
        went = {"won", "lost", "held", "slipped", "archived", "moved_out"}
        counted = found["opening"]["count"]
        counted += sum(found["pieces"][name]["count"] for name in came)
        counted -= sum(found["pieces"][name]["count"] for name in went)
        assert counted == found["closing"]["count"]
        for end in ("opening", "closing"):
            by_category = sum(Decimal(one[end]) for one in found["categories"].values())
            assert by_category == Decimal(found[end]["amount"])


async def _something(workspace: Workspace, chance: random.Random, sale: str, people: list[Any]) -> None:
    open_ = {"state": "open", "closed_at": None, "closed_on": None, "lost_reason": None, "resume_on": None}
    match chance.randrange(7):
        case 0 | 1:
            await alter(workspace, sale, amount=Decimal(chance.randint(1, 500)))
        case 2:
            await alter(workspace, sale, owner_id=chance.choice(people).id)
        case 3:
            await alter(workspace, sale, **open_)
            await lose(workspace, sale, chance.choice(["won", "lost"]))
        case 4:
            await alter(workspace, sale, **open_)
        case 5:
            await alter(workspace, sale, **open_)
            await alter(workspace, sale, state="on_hold", resume_on=ago(-9))
        case 6:
            await alter(workspace, sale, probability=Decimal(chance.randint(1, 9)) / 10)


async def test_between_two_days_is_asked_of_days_that_are_kept(client: Client, keep: Keep) -> None:
    refused = problem(await client.get(CHANGES, params={"from": ago(5).isoformat()}), 422, "unprocessable")
    assert refused["errors"][0]["pointer"] == "query:from"
    await keep(ago(5))
    for to in (ago(5), ago(6), ago(1)):
        asked = await client.get(CHANGES, params={"from": ago(5).isoformat(), "to": to.isoformat()})
        assert problem(asked, 422, "unprocessable")["errors"][0]["pointer"] == "query:to"


async def test_a_forecast_of_a_day_is_held_against_what_came(client: Client, workspace: Workspace, keep: Keep) -> None:
    sale = await put(workspace, "contract_sent", "100")
    await put(workspace, "proposal", "50", owner=workspace.ben)
    await keep(ago(5))
    await lose(workspace, sale, "won")
    await keep(ago(1))
    report = await ask(client, ACCURACY, as_of=ago(5).isoformat(), by="owner", period=str(today().year))
    assert values(report["total"]) == {
        "actual": "100.00",
        "weighted_then": "120.00",
        "weighted_accuracy": "0.8000",
        "commit_then": "100.00",
        "commit_accuracy": "1.0000",
        "best_case_then": "150.00",
        "best_case_accuracy": "0.5000",
    }
    by_name = {one["name"]: values(one) for one in report["data"]}
    assert (by_name["Ben Sales"]["actual"], by_name["Ben Sales"]["weighted_accuracy"]) == ("0.00", None)
    too_early = await client.get(ACCURACY, params={"as_of": ago(9).isoformat()})
    assert problem(too_early, 422, "unprocessable")["errors"][0]["pointer"] == "query:as_of"


async def test_a_night_keeps_measures_and_tells_once(worker: Database, workspace: Workspace, events: Facts) -> None:
    silent = await put(workspace, silent_days=40, entered_days_ago=40)
    await put(workspace)

    async def night(most: int = 1) -> None:
        async with worker.transaction(product(workspace)) as tx:
            while await nightly.work(tx, most=most):
                pass

    await night()
    await night()
    (fact,) = await events("opportunity.stalled")
    assert str(fact["subject_id"]) == silent
    assert len(await rows(workspace)) == 2
    now = await workspace.owner.fetchval("SELECT now()")
    await alter(workspace, silent, last_activity_at=now, stage_entered_at=now)
    await night()
    stalled = "SELECT stalled_at FROM opportunities WHERE id = $1"
    assert await workspace.owner.fetchval(stalled, silent) is None
    async with worker.transaction(product(workspace)) as tx:
        assert not await stalling.tell(tx, most=10)
    assert len(await events("opportunity.stalled")) == 1


async def test_the_pace_of_a_stage_is_the_median_of_what_was_won(worker: Database, workspace: Workspace) -> None:
    for days, state in ((1, "won"), (2, "won"), (30, "won"), (100, "lost")):
        sale = await put(workspace, state=state)
        await workspace.owner.execute(
            "INSERT INTO opportunity_moves (workspace_id, opportunity_id, move, from_stage_id, to_state, to_stage_id, "
            "seconds_in_stage, actor_kind) SELECT workspace_id, id, 'advance', stage_id, 'open', stage_id, $2, 'user' "
            "FROM opportunities WHERE id = $1",
            sale, days * 86400,
        )  # fmt: skip
    for _ in range(2):
        async with worker.transaction(product(workspace)) as tx:
            await paces.measure(tx)
    (pace,) = await workspace.owner.fetch("SELECT * FROM stage_paces WHERE workspace_id = $1", workspace.id)
    assert (pace["median_days"], pace["won"]) == (2, 3)


async def test_the_region_of_changes_is_the_customers(client: Client, workspace: Workspace, keep: Keep) -> None:
    customer_id = await customer_of(client, region="East")
    await put(workspace, amount="5")
    await keep(ago(5))
    await put(workspace, amount="10", customer_id=customer_id)
    found = await ask(client, CHANGES, **{"from": ago(5).isoformat(), "region": "East"})
    assert nonzero(found) == {"new": (1, "10.00")}
