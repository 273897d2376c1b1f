"""The journal through the front door: every fact, once, in order, however late its commit."""

import asyncio
from typing import Any, cast
from uuid import UUID, uuid4

import pytest
from sqlalchemy import BigInteger, ColumnElement, Text, func
from sqlalchemy import cast as cast_to

from crm.customers import actions
from crm.customers.schemas import CustomerCreate
from crm.database import Access
from crm.events import queries
from crm.events.queries import Place
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


async def create(client: Client, name: str = "Acme") -> dict[str, Any]:
    """A customer as it was created."""
    response = await client.post("/v1/customers", json={"name": name}, params={"allow_duplicates": True})
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


async def read(client: Client, **wanted: Any) -> dict[str, Any]:
    """A piece of the journal."""
    response = await client.get("/v1/events", params=wanted)
    assert response.status_code == 200, response.text
    journal: dict[str, Any] = response.json()
    return journal


async def settled(client: Client, many: int, **wanted: Any) -> dict[str, Any]:
    """The journal once it has so many facts: another test's server work may hold the horizon for a moment."""
    for _ in range(100):
        journal = await read(client, **wanted)
        if len(journal["data"]) >= many:
            break
        await asyncio.sleep(0.05)
    assert len(journal["data"]) == many
    return journal


def names(journal: dict[str, Any]) -> list[str]:
    """Of which customers the facts are."""
    return [fact["data"]["name"] for fact in journal["data"]]


async def test_a_fact_says_what_happened_to_what_by_whom_and_how_it_was_then(
    client: Client, workspace: Workspace
) -> None:
    created = await create(client)
    changed = (await client.patch(f"/v1/customers/{created['id']}", json={"region": "West"})).json()
    first, second = (await settled(client, 2))["data"]
    assert first["type"] == "customer.created"
    assert first["actor"] == {"kind": "user", "id": str(workspace.admin.id)}
    assert first["subject"] == {"type": "customer", "id": created["id"]}
    assert (first["workspace_id"], first["customer_id"]) == (str(workspace.id), created["id"])
    assert (first["sequence"], first["data"], first["changes"]) == (1, created, None)
    assert (second["type"], second["sequence"], second["data"]) == ("customer.updated", 2, changed)
    assert second["changes"] == {"region": [None, "West"]}

    alone = await client.get(f"/v1/events/{first['id']}")
    assert alone.json() == first
    known = await client.get(f"/v1/events/{first['id']}", headers={"If-None-Match": alone.headers["etag"]})
    assert known.status_code == 304
    problem(await client.get(f"/v1/events/{uuid4()}"), 404, "not_found")


async def test_the_journal_is_read_piece_by_piece_and_goes_on_from_its_end(client: Client) -> None:
    made = [(await create(client, f"Customer {number}"))["name"] for number in range(5)]
    await settled(client, 5)
    seen, cursor = [], None
    for expected in (True, True, False):
        journal = await read(client, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += names(journal)
        cursor = journal["next_cursor"]
        assert journal["has_more"] is expected
    assert seen == made
    assert (await read(client, cursor=cursor))["data"] == []
    await create(client, "Later")
    assert names(await settled(client, 1, cursor=cursor)) == ["Later"]


async def test_an_empty_journal_gives_a_cursor_that_finds_the_first_fact(client: Client) -> None:
    journal = await read(client)
    assert (journal["data"], journal["has_more"]) == ([], False)
    await create(client)
    assert names(await settled(client, 1, cursor=journal["next_cursor"])) == ["Acme"]


async def test_filters_narrow_and_the_cursor_is_a_place_whatever_the_filter(client: Client) -> None:
    first, second = await create(client, "First"), await create(client, "Second")
    await client.post(f"/v1/customers/{first['id']}/archive")
    await settled(client, 3)
    for wanted, many in (
        ({"type": "customer.archived"}, 1),
        ({"type": ["customer.archived", "customer.created"]}, 3),
        ({"subject_id": second["id"]}, 1),
        ({"customer_id": first["id"]}, 2),
        ({"customer_id": first["id"], "type": "customer.updated"}, 0),
    ):
        journal = await read(client, **wanted)
        assert len(journal["data"]) == many, wanted
        assert (await read(client, cursor=journal["next_cursor"]))["data"] == [], wanted


async def test_a_cursor_we_did_not_give_out_and_an_unknown_parameter_are_refused(client: Client) -> None:
    for wanted in ({"cursor": "nonsense"}, {"cursor": "_" * 32}, {"cursor": "AAAA"}, {"sort": "id"}, {"type": "x"}):
        problem(await client.get("/v1/events", params=wanted), 422, "unprocessable")


async def test_only_those_who_may_read_events_do_and_only_of_their_workspace(
    clients: Clients, client: Client, workspace: Workspace, elsewhere: Workspace
) -> None:
    await create(client)
    fact = (await settled(client, 1))["data"][0]
    auditor, key = clients(workspace.auditor.token), clients(await workspace.key("events:read"))
    assert len((await read(auditor))["data"]) == len((await read(key))["data"]) == 1
    for token in (workspace.anna.token, await workspace.key("customers:read")):
        problem(await clients(token).get("/v1/events"), 403, "scope_missing")
    stranger = clients(elsewhere.admin.token)
    assert (await read(stranger))["data"] == []
    problem(await stranger.get(f"/v1/events/{fact['id']}"), 404, "not_found")


async def test_the_journal_is_one_statement(client: Client, queries: list[str]) -> None:
    await create(client)
    await read(client)
    queries.clear()
    await read(client)
    assert len(queries) == 1


async def interleaved(stage: Stage, client: Client, workspace: Workspace) -> tuple[list[str], list[str]]:
    """Two transactions: the earlier one commits later. What a reader sees between the commits, and after both."""
    start = (await read(client))["next_cursor"]
    async with stage.database.transaction(workspace.admin.actor) as earlier:
        await actions.create(earlier, CustomerCreate(name="Earlier"))
        await create(client, "Later")
        between = await read(client, cursor=start)
    await asyncio.sleep(0.1)
    after = await read(client, cursor=between["next_cursor"])
    return names(between), names(after)


async def test_a_cursor_never_passes_a_transaction_that_commits_late(
    stage: Stage, client: Client, workspace: Workspace
) -> None:
    assert await interleaved(stage, client, workspace) == ([], ["Earlier", "Later"])


async def test_without_the_horizon_the_late_commit_would_be_lost(
    stage: Stage, client: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def beyond() -> ColumnElement[int]:
        return cast_to(cast_to(func.pg_snapshot_xmax(func.pg_current_snapshot()), Text), BigInteger)

    compiled = cast(Any, queries._after)
    monkeypatch.setattr(queries, "horizon", beyond)
    compiled.cache_clear()
    try:
        assert await interleaved(stage, client, workspace) == (["Later"], [])
    finally:
        compiled.cache_clear()


def test_the_oldest_id_after_a_place_leaves_an_hour_for_transactions_and_clocks() -> None:
    place = UUID("019abcde-f012-7abc-8def-0123456789ab")
    oldest = queries.oldest_after(Place(7, place))
    assert (place.int >> 80) - (oldest.int >> 80) == 3_600_000
    assert oldest.int & (2**80 - 1) == 0
    assert queries.oldest_after(queries.BEGINNING).int == 0


async def test_old_months_are_not_touched(stage: Stage, access: Access, events: Facts) -> None:
    await actions.create(access, CustomerCreate(name="Acme"))
    (fact,) = await events()
    later = UUID(int=(fact["id"].int >> 80) + 70 * 86_400_000 << 80)  # more than two months on
    plan = await explained(stage, access, Place(fact["transaction_id"], later))
    months = await partitions(stage)
    touched = [month for month in months if month in plan]
    assert touched == months[len(months) - len(touched) :], "old ones are left out, new ones are all looked at"
    assert 0 < len(touched) <= len(months) - 2
    whole = await explained(stage, access, queries.BEGINNING)
    assert all(month in whole for month in months)


async def explained(stage: Stage, access: Access, after: Place) -> str:
    """The plan of the journal's own statement after a place."""
    wanted = queries._after(frozenset())
    values = {
        "after_transaction": after.transaction_id,
        "after_id": after.id,
        "oldest_id": queries.oldest_after(after),
        "limit": 51,
    }
    arguments = wanted.arguments(access.actor.known, values)
    rows = await stage.owner.fetch(f"EXPLAIN {wanted.sql}", *arguments)
    return "\n".join(row[0] for row in rows)


async def partitions(stage: Stage) -> list[str]:
    """All months there are, oldest first."""
    rows = await stage.owner.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'events'::regclass ORDER BY 1"
    )
    return [row["name"] for row in rows]
