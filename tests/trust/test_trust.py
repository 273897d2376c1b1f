"""The trust equation (domain.md D5): every row of the table, and the history that nobody rewrites."""

from decimal import Decimal

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.pool import SET_WORKSPACE, connect
from crm.trust.rules import trust
from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace
from tests.relationships.steps import done, new_customer

D5 = [
    (8, 7, 6, 3, "7.00", "22.6"),
    (8, 7, 6, 7, "3.00", "9.1"),
    (5, 5, 5, 5, "3.00", "9.1"),
    (9, 9, 2, 4, "5.00", "15.8"),
    (10, 10, 10, 1, "30.00", "100.0"),
    (1, 1, 1, 10, "0.30", "0.0"),
]

PARTS = ("credibility", "reliability", "intimacy", "self_orientation")

part = st.integers(1, 10)


def parts(*values: int) -> dict[str, int]:
    return dict(zip(PARTS, values, strict=True))


@pytest.mark.parametrize(("c", "r", "i", "s", "score", "index"), D5)
def test_every_row_of_the_table_of_trust(c: int, r: int, i: int, s: int, score: str, index: str) -> None:
    found = trust(**parts(c, r, i, s))
    assert (str(found.score), str(found.index)) == (score, index)


@given(part, part, part, part)
def test_trust_lies_within_its_limits_and_falls_as_it_is_more_about_us(c: int, r: int, i: int, s: int) -> None:
    found = trust(**parts(c, r, i, s))
    assert Decimal("0.30") <= found.score <= 30
    assert 0 <= found.index <= 100
    if s > 1:
        assert trust(**parts(c, r, i, s - 1)).score > found.score


@pytest.mark.parametrize("values", [(8, 7, 6, 0), (8, 7, 6, 11), (0, 7, 6, 3), (8, 11, 6, 3)])
async def test_a_part_beyond_one_to_ten_is_refused(client: Client, values: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="1 to 10"):
        trust(**parts(*values))
    path = await new_customer(client)
    refused = problem(await client.post(f"{path}/trust-ratings", json=parts(*values)), 422, "unprocessable")
    wrong = PARTS[next(at for at, value in enumerate(values) if not 1 <= value <= 10)]
    assert [error["pointer"] for error in refused["errors"]] == [f"#/{wrong}"]
    assert (await client.get(path)).json()["trust"] is None


@pytest.mark.parametrize("wrong", [7.5, "7", None, True])
async def test_a_part_is_a_whole_number(client: Client, wrong: object) -> None:
    path = await new_customer(client)
    body = parts(8, 7, 6, 3) | {"intimacy": wrong}
    problem(await client.post(f"{path}/trust-ratings", json=body), 422, "unprocessable")


async def test_the_latest_judgement_is_the_customers_and_those_before_stay(
    client: Client, events: Facts, workspace: Workspace
) -> None:
    path = await new_customer(client)
    for c, r, i, s, score, index in D5:
        response = await client.post(f"{path}/trust-ratings", json=parts(c, r, i, s) | {"note": "Asked twice."})
        assert response.status_code == 201, response.text
        rating = response.json()
        assert (rating["score"], rating["index"]) == (float(score), float(index))
        assert rating["user"] == {"id": str(workspace.admin.id), "name": "Ada Admin"}
        assert (await client.get(response.headers["location"])).json() == rating
        customer = (await client.get(path)).json()
        present = {"score": float(score), "index": float(index), "rated_at": rating["created_at"]}
        assert customer["trust"] == present
    ratings = await client.get(f"{path}/trust-ratings")
    assert [[rating[part] for part in PARTS] for rating in ratings.json()["data"]] == [[*row[:4]] for row in D5[::-1]]
    assert (await events.types())[1:] == ["customer.trust_changed", "trust_rating.created"] * len(D5)
    (given, *_) = await events("trust_rating.created")
    assert given["customer_id"] == (await events())[0]["subject_id"]


async def test_trust_in_a_customer_put_aside_or_out_of_sight_is_not_judged(
    clients: Clients, workspace: Workspace
) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    path, new = await new_customer(anna), parts(8, 7, 6, 3)
    made = await done(anna, f"{path}/trust-ratings", new)
    problem(await ben.post(f"{path}/trust-ratings", json=new), 404, "not_found")
    problem(await ben.get(f"{path}/trust-ratings"), 404, "not_found")
    problem(await ben.get(f"/v1/trust-ratings/{made['id']}"), 404, "not_found")
    await done(anna, f"{path}/archive")
    problem(await anna.post(f"{path}/trust-ratings", json=new), 409, "customer_archived")


async def test_a_judgement_on_a_stale_copy_is_refused_whole(client: Client, events: Facts) -> None:
    path = await new_customer(client)
    await client.patch(path, json={"note": "x"})
    before = await events.types()
    refused = await client.post(f"{path}/trust-ratings", json=parts(8, 7, 6, 3), headers={"If-Match": '"1"'})
    problem(refused, 412, "stale")
    assert await events.types() == before


@pytest.mark.parametrize("role", ["rapport_api", "rapport_worker"])
async def test_nobody_rewrites_what_was_judged(stage: Stage, workspace: Workspace, client: Client, role: str) -> None:
    await done(client, f"{await new_customer(client)}/trust-ratings", parts(8, 7, 6, 3))
    connection = await connect(stage.dsn(role), name="test-role")
    await connection.execute(SET_WORKSPACE, str(workspace.id))
    for change in ("UPDATE trust_ratings SET score = 1", "DELETE FROM trust_ratings"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change)
    await connection.close()
