"""What is wrong with open sales, through the front door (``domain.md`` B5)."""

from datetime import timedelta
from typing import Any

import pytest

from crm.hygiene.flags import FLAGS, WORDS
from tests.conftest import Client, Clients, problem
from tests.contacts.test_contacts import create as contact_of
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.forecasts.selling import put, today


async def healthy(client: Client, workspace: Workspace, **otherwise: Any) -> str:
    """A sale with which nothing is wrong but this."""
    customer_id = await customer_of(client)
    if otherwise.pop("decider", True):
        await contact_of(client, customer_id, roles=[{"role": "decider"}])
    grade, intention = otherwise.pop("grade", "A"), otherwise.pop("intention", None)
    given = {"expected": today() + timedelta(days=20), **otherwise}
    made = await put(workspace, given.pop("stage", "new"), given.pop("amount", "10"), customer_id=customer_id, **given)
    await workspace.owner.execute(
        "UPDATE opportunities SET grade = $2, intention = $3 WHERE id = $1", made, grade, intention
    )
    return made


async def flagged(client: Client, **query: Any) -> dict[str, set[str]]:
    """The sales of the list with their flags."""
    response = await client.get("/v1/hygiene", params=query)
    assert response.status_code == 200, response.text
    return {one["id"]: {flag["code"] for flag in one["flags"]} for one in response.json()["data"]}


@pytest.mark.parametrize(
    ("otherwise", "flags"),
    [
        ({}, set()),
        ({"expected": today() - timedelta(days=1), "grade": "overdue"}, {"close_date_past"}),
        ({"next_step": None}, {"no_next_step"}),
        ({"silent_days": 30}, set()),
        ({"silent_days": 31}, {"silent"}),
        ({"stage": "contract_sent", "silent_days": 14}, set()),
        ({"stage": "contract_sent", "silent_days": 15}, {"silent"}),
        ({"entered_days_ago": 14}, set()),
        ({"entered_days_ago": 15}, {"stuck"}),
        ({"moves": 2}, set()),
        ({"moves": 3}, {"close_date_moved"}),
        ({"amount": None}, {"no_amount"}),
        ({"amount": "0"}, {"no_amount"}),
        ({"decider": False}, {"no_decider"}),
        ({"grade": "B"}, {"grade_contradicts"}),
        ({"intention": "poor"}, {"grade_contradicts"}),
        ({"state": "on_hold", "amount": None}, set()),
        ({"state": "lost", "amount": None}, set()),
    ],
)
async def test_each_flag_is_up_when_it_should_be(
    client: Client, workspace: Workspace, otherwise: dict[str, Any], flags: set[str]
) -> None:
    made = await healthy(client, workspace, **otherwise)
    one = await client.get(f"/v1/opportunities/{made}/hygiene")
    assert {flag["code"] for flag in one.json()["flags"]} == flags
    assert await flagged(client) == ({made: flags} if flags else {})
    for flag in flags:
        assert await flagged(client, flag=flag) == {made: flags}
    others = [flag for flag in FLAGS if flag not in flags]
    assert await flagged(client, flag=others) == {}


async def test_won_sales_say_how_long_a_stage_usually_takes(client: Client, workspace: Workspace) -> None:
    made = await healthy(client, workspace, entered_days_ago=15)
    stage = "SELECT stage_id FROM opportunities WHERE id = $2"
    await workspace.owner.execute(
        f"INSERT INTO stage_paces (workspace_id, stage_id, median_days, won) VALUES ($1, ({stage}), 8, 5)",
        workspace.id, made,
    )  # fmt: skip
    assert await flagged(client) == {}
    await workspace.owner.execute("UPDATE stage_paces SET won = 4 WHERE workspace_id = $1", workspace.id)
    assert await flagged(client) == {made: {"stuck"}}


async def test_who_speaks_with_the_customer_is_not_silent(client: Client, workspace: Workspace) -> None:
    made = await healthy(client, workspace, silent_days=400)
    assert await flagged(client) == {made: {"silent"}}
    await workspace.owner.execute("UPDATE customers SET last_contact_at = now() WHERE workspace_id = $1", workspace.id)
    assert await flagged(client) == {}


async def test_a_list_of_flags_is_one_statement_of_what_one_sees(
    client: Client, clients: Clients, workspace: Workspace, queries: list[str]
) -> None:
    mine = await put(workspace, amount=None, owner=workspace.ben)
    await put(workspace, amount=None, owner=workspace.anna)
    ben = clients(workspace.ben.token)
    await flagged(ben)
    queries.clear()
    assert set(await flagged(ben)) == {mine}
    assert len(queries) == 1
    assert set(await flagged(client, owner_id=str(workspace.ben.id), sort="-amount")) == {mine}
    problem(await clients(workspace.anna.token).get(f"/v1/opportunities/{mine}/hygiene"), 404, "not_found")


def test_every_flag_has_a_reason_and_a_remedy_in_both_languages() -> None:
    assert set(WORDS) == set(FLAGS)
    assert all(len(words) == 4 and all(words) for words in WORDS.values())
