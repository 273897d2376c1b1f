"""Finding sales: by category, staleness, words and ranges, through the front door."""

from typing import Any

import pytest

from tests.conftest import Client
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.selling import AMOUNT, act, ready, sell


async def found(client: Client, **wanted: Any) -> set[str]:
    answer = await client.get("/v1/opportunities", params=wanted)
    assert answer.status_code == 200, answer.text
    return {one["name"] for one in answer.json()["data"]}


async def test_sales_are_found_by_what_they_count_as_in_a_forecast(client: Client, workspace: Workspace) -> None:
    far, own = await ready(client, workspace, name="far"), await customer_of(client, name="Globex")
    await act(client, far, "advance", to="proposal")
    await sell(client, own, name="near")
    await sell(client, own, name="sure", forecast_category="commit")
    rests = await sell(client, own, name="rests")
    await act(client, rests, "hold", resume_on="2090-01-01")
    assert await found(client, forecast_category="best_case") == {"far"}
    assert await found(client, forecast_category=["pipeline", "commit"]) == {"near", "sure"}
    assert await found(client, forecast_category="omitted") == {"rests"}


@pytest.mark.parametrize(
    ("at", "entered", "active", "stale"),
    [
        ("new", 7, 0, False),
        ("new", 8, 0, True),
        ("qualified", 30, 30, False),
        ("qualified", 30, 31, False),
        ("qualified", 31, 0, True),
        ("proposal", 14, 14, False),
        ("proposal", 15, 15, True),
        ("proposal", 31, 0, True),
        ("proposal", 30, 14, False),
    ],
)
async def test_a_sale_is_stale_by_its_stage_or_by_silence(
    client: Client, workspace: Workspace, at: str, entered: int, active: int, stale: bool
) -> None:
    sale = await ready(client, workspace)
    if at != "new":
        await act(client, sale, "advance", to=at)
    await workspace.owner.execute(
        "UPDATE opportunities SET stage_entered_at = now() - make_interval(days => $2), "
        "last_activity_at = now() - make_interval(days => $3) WHERE id = $1", sale["id"], entered, active,
    )  # fmt: skip
    await workspace.owner.execute("UPDATE customers SET last_contact_at = NULL WHERE id = $1", sale["customer_id"])
    read = (await client.get(f"/v1/opportunities/{sale['id']}")).json()
    assert (read["stale"], read["days_in_stage"]) == (stale, entered)
    assert bool(await found(client, stale=True)) is stale
    assert bool(await found(client, stale=False)) is not stale


async def test_a_contact_with_the_customer_breaks_the_silence(client: Client, workspace: Workspace) -> None:
    sale = await ready(client, workspace)
    await act(client, sale, "advance", to="proposal")
    await workspace.owner.execute(
        "UPDATE opportunities SET stage_entered_at = now() - interval '20 days', "
        "last_activity_at = now() - interval '20 days' WHERE id = $1", sale["id"],
    )  # fmt: skip
    assert await found(client, stale=True) == set()


async def test_sales_are_found_by_a_part_of_their_name_or_their_reference(client: Client) -> None:
    own = await customer_of(client)
    await sell(client, own, name="两条灌装线 Filling", reference="OP-7")
    await sell(client, own, name="Other")
    assert await found(client, q="灌装") == await found(client, q="filling") == await found(client, q="OP-7")
    assert await found(client, q="fill%") == set()
    assert await found(client, q="other", archived=False) == {"Other"}


async def test_pages_by_amount_miss_nothing_and_show_nothing_twice(client: Client) -> None:
    own = await customer_of(client)
    amounts: list[str | None] = ["5.00", "70.00", None, "5.00", None]
    for number, amount in enumerate(amounts):
        worth = {} if amount is None else {"amount": {**AMOUNT, "amount": amount}}
        await sell(client, own, name=str(number), **worth)
    for sort in ("amount", "-amount"):
        seen: list[Any] = []
        cursor = None
        while cursor is not None or not seen:
            page = (
                await client.get(
                    "/v1/opportunities", params={"sort": sort, "limit": 2, **({"cursor": cursor} if cursor else {})}
                )
            ).json()
            seen += [one["amount"] and one["amount"]["amount"] for one in page["data"]]
            cursor = page["next_cursor"]
        expected = [None, None, "5.00", "5.00", "70.00"]
        assert seen == (expected if sort == "amount" else expected[::-1])
    assert await found(client, amount_gte="5", amount_lte="5") == {"0", "3"}
