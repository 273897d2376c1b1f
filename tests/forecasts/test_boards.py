"""The board, through the front door: columns, sums, cards, and moving them through the gates."""

from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from crm.boards.places import DIGITS, between
from tests.conftest import Client, Clients, Facts, problem
from tests.factories import Workspace
from tests.forecasts.selling import put, today


async def board(client: Client, pipeline: dict[str, Any], **query: Any) -> dict[str, Any]:
    """The columns by their key."""
    response = await client.get(f"/v1/pipelines/{pipeline['id']}/board", params=query)
    assert response.status_code == 200, response.text
    return {column["stage"]["key"]: column for column in response.json()["columns"]}


def stage_of(pipeline: dict[str, Any], key: str) -> str:
    """The id of a stage."""
    return next(str(stage["id"]) for stage in pipeline["stages"] if stage["key"] == key)


async def order(client: Client, pipeline: dict[str, Any], key: str) -> list[str]:
    """The cards of a column from top to bottom."""
    return [card["id"] for card in (await board(client, pipeline))[key]["cards"]]


async def test_a_board_counts_all_and_shows_the_first(
    client: Client, workspace: Workspace, pipeline: dict[str, Any], queries: list[str]
) -> None:
    made = [await put(workspace, "new", "100") for _ in range(3)]
    await put(workspace, "proposal", None)
    await put(workspace, "proposal", "10", currency="EUR")
    await put(workspace, "proposal", "10", state="won")
    await put(workspace, "proposal", "10", state="on_hold")
    await board(client, pipeline)
    queries.clear()
    columns = await board(client, pipeline, per_column=2)
    assert len(queries) == 1
    assert list(columns) == ["new", "contacted", "qualified", "proposal", "contract_sent"]
    new, proposal = columns["new"], columns["proposal"]
    assert (new["count"], new["amount"], new["weighted"]) == (3, "300.00", "15.00")
    assert [card["id"] for card in new["cards"]] == [made[2], made[1]]
    assert new["cards"][0]["owner"]["name"] == "Anna Sales"
    assert (proposal["count"], proposal["without_amount"], proposal["unconverted"]) == (2, 1, 1)
    assert (columns["contacted"]["count"], columns["contacted"]["amount"], columns["contacted"]["cards"]) == (
        0,
        "0.00",
        [],
    )


async def test_a_board_shows_what_one_sees_and_asks_for(
    client: Client, clients: Clients, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    await put(workspace, "new", "100", owner=workspace.anna)
    await put(workspace, "new", "10", owner=workspace.ben)
    assert (await board(clients(workspace.ben.token), pipeline))["new"]["amount"] == "10.00"
    for query in ({"owner_id": str(workspace.ben.id)}, {"team_id": str(workspace.south)}):
        assert (await board(client, pipeline, **query))["new"]["amount"] == "10.00"
    assert (await board(client, pipeline, expected_close_on_gte=str(today().year + 1) + "-01-01"))["new"]["count"] == 0
    assert (await board(client, pipeline, grade="H"))["new"]["count"] == 0
    problem(await client.get(f"/v1/pipelines/{uuid4()}/board"), 404, "not_found")


async def test_cards_are_put_in_order_and_nobody_is_told(
    client: Client, workspace: Workspace, pipeline: dict[str, Any], events: Facts
) -> None:
    c, b, a = [await put(workspace, "new") for _ in range(3)]
    new = stage_of(pipeline, "new")
    assert await order(client, pipeline, "new") == [a, b, c]

    async def move(card: str, **where: str) -> None:
        response = await client.post(f"/v1/opportunities/{card}/move", json={"stage_id": new, **where})
        assert response.status_code == 200, response.text

    for card, where, expected in (
        (c, {"before": b}, [a, c, b]),
        (a, {"after": b}, [c, b, a]),
        (b, {}, [b, c, a]),
        (b, {"after": c}, [c, b, a]),
        (a, {"before": c}, [a, c, b]),
    ):
        await move(card, **where)
        assert await order(client, pipeline, "new") == expected
    d = await put(workspace, "new")
    assert await order(client, pipeline, "new") == [d, a, c, b]
    assert [fact["type"] for fact in await events() if fact["type"].startswith("opportunity")] == []


async def test_a_card_goes_on_through_the_gates_and_back_with_a_reason(
    client: Client, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    card = await put(workspace, "new")
    path = f"/v1/opportunities/{card}/move"
    refused = await client.post(path, json={"stage_id": stage_of(pipeline, "qualified")})
    assert {one["code"] for one in problem(refused, 409, "gates_unmet")["missing"]} >= {"contact_reached", "man_known"}
    assert await order(client, pipeline, "new") == [card]
    await workspace.owner.execute(
        "UPDATE opportunities SET stage_id = $2 WHERE id = $1", card, stage_of(pipeline, "qualified")
    )
    there = await put(workspace, "new")
    refused = await client.post(path, json={"stage_id": stage_of(pipeline, "new")})
    assert problem(refused, 422, "unprocessable")["errors"][0]["pointer"] == "#/reason"
    back = await client.post(path, json={"stage_id": stage_of(pipeline, "new"), "after": there, "reason": "Too soon"})
    assert back.status_code == 200, back.text
    assert back.json()["stage"]["key"] == "new"
    assert await order(client, pipeline, "new") == [there, card]


async def test_a_move_to_where_nothing_is_changes_nothing(
    client: Client, workspace: Workspace, pipeline: dict[str, Any]
) -> None:
    card, won = await put(workspace, "new"), await put(workspace, "new", state="won")
    there = await put(workspace, "proposal")
    path, new = f"/v1/opportunities/{card}/move", stage_of(pipeline, "new")
    for body, pointer in (
        ({"stage_id": str(uuid4())}, "#/stage_id"),
        ({"stage_id": new, "after": there}, "#/after"),
        ({"stage_id": new, "before": str(uuid4())}, "#/before"),
    ):
        refused = problem(await client.post(path, json=body), 422, "unprocessable")
        assert refused["errors"][0]["pointer"] == pointer
    problem(await client.post(f"/v1/opportunities/{won}/move", json={"stage_id": new}), 409, "opportunity_closed")
    problem(await client.post(f"/v1/opportunities/{uuid4()}/move", json={"stage_id": new}), 404, "not_found")


places = st.text(DIGITS, min_size=1, max_size=12).filter(lambda place: not place.endswith("0"))


@given(places, places)
def test_there_is_always_a_place_between_two(one: str, other: str) -> None:
    low, high = sorted((one, other))
    if low < high:
        assert low < between(low, high) < high
    assert between(one, None) > one
    assert between("", one) < one


@given(st.lists(st.integers(0, 40), max_size=60))
def test_however_cards_are_put_they_stay_in_order(moves: list[int]) -> None:
    column: list[str] = []
    for move in moves:
        at = move % (len(column) + 1)
        low = column[at - 1] if at else ""
        high = column[at] if at < len(column) else None
        column.insert(at, between(low, high))
        assert column == sorted(set(column))
