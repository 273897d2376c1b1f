"""Search, best first."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from crm.customers import candidates
from tests.conftest import Client, Clients, problem
from tests.factories import Workspace


async def add(client: Client, name: str, **more: Any) -> str:
    response = await client.post("/v1/customers", json={"name": name, **more}, params={"allow_duplicates": True})
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


async def found(client: Client, q: str, **more: Any) -> list[str]:
    response = await client.get("/v1/customers", params={"q": q, **more})
    assert response.status_code == 200, response.text
    return [customer["name"] for customer in response.json()["data"]]


async def contacted(workspace: Workspace, customer_id: str, days: int, band: str) -> None:
    await workspace.owner.execute(
        "UPDATE customers SET last_contact_at = $2, warmth_band = $3 WHERE id = $1",
        customer_id,
        datetime.now(UTC) - timedelta(days=days),
        band,
    )


async def test_exact_comes_before_prefix_and_prefix_before_the_rest(client: Client) -> None:
    for name in ("新长安贸易", "长安汽车", "长安", "Globex"):
        await add(client, name)
    assert await found(client, "长安") == ["长安", "长安汽车", "新长安贸易"]
    assert await found(client, "长安", sort="name") == sorted(["长安", "长安汽车", "新长安贸易"])


async def test_a_legal_form_makes_a_match_no_less_exact(client: Client) -> None:
    await add(client, "Acme Corporation")
    await add(client, "Acme Tools")
    assert await found(client, "acme") == ["Acme Corporation", "Acme Tools"]
    assert await found(client, "acme inc") == ["Acme Corporation", "Acme Tools"]


async def test_alike_the_warmer_and_then_the_later_comes_first(client: Client, workspace: Workspace) -> None:
    ids = {name: await add(client, f"重庆{name}") for name in ("甲厂", "乙厂", "丙厂", "丁厂")}
    await contacted(workspace, ids["甲厂"], 100, "cooling")
    await contacted(workspace, ids["乙厂"], 9, "hot")
    await contacted(workspace, ids["丙厂"], 3, "hot")
    assert await found(client, "重庆") == ["重庆丙厂", "重庆乙厂", "重庆甲厂", "重庆丁厂"]


async def test_a_name_is_found_in_either_script(client: Client) -> None:
    await add(client, "單雄信")
    await add(client, "重庆长安汽车股份有限公司")
    for query, name in (("单雄信", "單雄信"), ("單雄信", "單雄信"), ("重慶長安", "重庆长安汽车股份有限公司")):
        assert await found(client, query) == [name]
    refused = await client.post("/v1/customers", json={"name": "重慶長安汽車"})
    assert problem(refused, 409, "possible_duplicates")["duplicates"][0]["reasons"][0]["reason"] == "name"


@pytest.mark.parametrize("query", ["shan", "sxx", "dan", "dxx", "单雄", "雄信"])
async def test_a_surname_with_two_readings_is_found_by_both(client: Client, query: str) -> None:
    await add(client, "单雄信", kind="person")
    assert await found(client, query) == ["单雄信"]


@pytest.mark.parametrize(
    "query", ["microsft", "micrsoft", "microssoft", "micorsoft", "nicrosoft", "microsoft", "micros"]
)
async def test_one_letter_wrong_in_a_latin_name_still_finds_it(client: Client, query: str) -> None:
    await add(client, "Microsoft Corporation")
    await add(client, "Macrohard")
    assert await found(client, query) == ["Microsoft Corporation"]


@pytest.mark.parametrize("query", ["mcrsft", "acne", "长按"])
async def test_two_letters_wrong_short_words_and_chinese_are_not_guessed(client: Client, query: str) -> None:
    for name in ("Microsoft", "Acme", "长安"):
        await add(client, name)
    assert await found(client, query) == []


async def test_what_is_spelt_right_hides_what_is_nearly_so(client: Client) -> None:
    await add(client, "Marten")
    await add(client, "Martin")
    assert await found(client, "martin") == ["Martin"]
    assert set(await found(client, "martan")) == {"Martin", "Marten"}


async def test_every_word_must_be_there(client: Client) -> None:
    await add(client, "重庆长安汽车", phone="13900001234")
    await add(client, "重庆宏图贸易")
    assert await found(client, "重庆 长安") == ["重庆长安汽车"]
    assert await found(client, "cq 1234") == ["重庆长安汽车"]
    assert await found(client, "重庆 nobody") == []


async def test_pages_of_a_search_follow_each_other(client: Client) -> None:
    names = {f"Martin {number}" for number in range(7)}
    for name in names:
        await add(client, name)
    for q in ("martin", "martan"):
        seen: list[str] = []
        wanted: dict[str, Any] = {"q": q, "limit": 3}
        while wanted.get("cursor", "") is not None:
            page = (await client.get("/v1/customers", params=wanted)).json()
            seen += [customer["name"] for customer in page["data"]]
            wanted["cursor"] = page["next_cursor"]
        assert len(seen) == 7
        assert set(seen) == names


async def test_filters_and_sight_hold_for_a_search(clients: Clients, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    await add(anna, "Acme North", region="North")
    await add(anna, "Acme West", region="West")
    await add(ben, "Acme South")
    assert await found(anna, "acme", region="West") == ["Acme West"]
    assert await found(ben, "acme") == ["Acme South"]
    assert await found(clients(workspace.manager.token), "acme", sort="name") == [
        "Acme North",
        "Acme South",
        "Acme West",
    ]
    assert len(await found(clients(workspace.manager.token), "acme")) == 3


@pytest.mark.parametrize("who", ["admin", "anna", "manager"])
async def test_words_that_all_are_common_still_find_what_has_them_all(
    clients: Clients, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    # The limits are literals of compiled statements: with no more candidates than these, every word is a common one.
    monkeypatch.setattr(candidates, "MOST", 4)
    candidates.gather.cache_clear()  # type: ignore[attr-defined]  # ``statement`` keeps its cache to itself
    anna = clients(workspace.anna.token)
    for number in range(6):
        await add(anna, f"重庆汽车{number}")
        await add(anna, f"重庆贸易{number}")
        await add(anna, f"成都汽车{number}")
    names = await found(clients(getattr(workspace, who).token), "重庆 汽车")
    assert len(names) >= 2
    assert all("重庆汽车" in name for name in names)
    candidates.gather.cache_clear()  # type: ignore[attr-defined]  # ``statement`` keeps its cache to itself


async def test_a_search_costs_two_statements(client: Client, queries: list[str]) -> None:
    await add(client, "Acme")
    await found(client, "acme")
    queries.clear()
    await found(client, "acme")
    assert len([query for query in queries if "customer" in query]) == 2


async def test_without_words_nothing_can_be_sorted_by_relevance(client: Client) -> None:
    problem(await client.get("/v1/customers", params={"sort": "relevance"}), 422, "unprocessable")
    assert await found(client, "!!!") == []
