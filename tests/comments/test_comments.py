"""Colleagues speak about a sale; whom they mention is told, once, and only who sees the sale."""

from typing import Any

import httpx

from tests.conftest import Client, Clients, Stage
from tests.contacts.test_contacts import customer_of
from tests.factories import Workspace
from tests.opportunities.conftest import pipeline
from tests.opportunities.selling import sell

__all__ = ["pipeline"]


async def say(client: Client, sale: dict[str, Any], text: str, *mentions: Any) -> httpx.Response:
    """Comment on a sale."""
    body = {"opportunity_id": sale["id"], "text": text, "mentions": [str(one) for one in mentions]}
    return await client.post("/v1/comments", json=body)


async def told(client: Client) -> list[tuple[str, str]]:
    """Of what one is told: title and subject."""
    page = (await client.get("/v1/notifications", params={"kind": "mention"})).json()["data"]
    return [(one["title"], one["subject"]["id"]) for one in page]


async def test_who_is_mentioned_is_told_once(client: Client, clients: Clients, workspace: Workspace) -> None:
    sale = await sell(client, owner_id=str(workspace.anna.id))
    said = await say(client, sale, "@Anna call them", workspace.anna.id, workspace.anna.id, workspace.admin.id)
    assert said.status_code == 201, said.text
    anna = clients(workspace.anna.token)
    ((title, about),) = await told(anna)
    assert ("Two lines" in title, about) == (True, sale["id"])
    assert await told(client) == [], "nobody is told of what they said themselves"
    path = f"/v1/comments/{said.json()['id']}"
    changed = await client.patch(path, json={"text": "@Anna call them now", "mentions": [str(workspace.anna.id)]})
    assert (changed.status_code, changed.json()["text"]) == (200, "@Anna call them now")
    assert len(await told(anna)) == 1


async def test_whoever_does_not_see_the_sale_cannot_be_mentioned_until_they_help(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    sale = await sell(client)
    refused = await say(client, sale, "@Ben look", workspace.anna.id, workspace.ben.id)
    assert refused.status_code == 422
    assert {(one["pointer"], one["code"]) for one in refused.json()["errors"]} == {
        ("#/mentions/0", "cannot_see"),
        ("#/mentions/1", "cannot_see"),
    }
    assert (await client.get("/v1/comments")).json()["data"] == [], "nothing is half written"
    helps = f"/v1/opportunities/{sale['id']}/collaborators/{workspace.ben.id}"
    ben = clients(workspace.ben.token)
    assert (await ben.get(f"/v1/opportunities/{sale['id']}")).status_code == 404
    put = await client.put(helps, json={"role": "Presales"})
    assert (put.status_code, put.json()["collaborator_ids"]) == (200, [str(workspace.ben.id)])
    assert (await say(client, sale, "@Ben look", workspace.ben.id)).status_code == 201
    assert len(await told(ben)) == 1
    edited = await ben.patch(f"/v1/opportunities/{sale['id']}", json={"next_step": "Demo"})
    assert edited.status_code == 200, "they see and change it, whatever their team"
    listed = (await ben.get(f"/v1/opportunities/{sale['id']}/collaborators")).json()["data"]
    assert [(one["user_id"], one["role"]) for one in listed] == [(str(workspace.ben.id), "Presales")]
    assert (await client.delete(helps)).json()["collaborator_ids"] == []
    assert (await ben.get(f"/v1/opportunities/{sale['id']}")).status_code == 404
    assert (await ben.get("/v1/comments")).json()["data"] == []


async def test_only_whoever_wrote_it_changes_a_comment_and_leads_may_remove_it(
    client: Client, clients: Clients, workspace: Workspace
) -> None:
    anna = clients(workspace.anna.token)
    sale = await sell(anna, customer_id=await customer_of(anna))
    said = (await say(anna, sale, "They hesitate.")).json()
    path = f"/v1/comments/{said['id']}"
    other = await client.patch(path, json={"text": "They do not."})
    assert (other.status_code, other.json()["code"]) == (409, "comment_is_not_yours")
    mine = (await say(client, sale, "Mine")).json()
    refused = await anna.post(f"/v1/comments/{mine['id']}/remove")
    assert (refused.status_code, refused.json()["code"]) == (409, "comment_is_not_yours")
    removed = (await client.post(f"{path}/remove")).json()
    assert (removed["text"], removed["removed_at"] is None) == ("", False)
    again = await client.post(f"{path}/remove")
    assert again.json() == removed, "removing twice is removing once"
    late = await anna.patch(path, json={"text": "Back"})
    assert (late.status_code, late.json()["code"]) == (409, "comment_removed")


async def test_after_a_day_a_comment_stays_as_it_was_said(client: Client, stage: Stage) -> None:
    sale = await sell(client)
    said = (await say(client, sale, "Once said")).json()
    await stage.owner.execute(
        "UPDATE opportunity_comments SET created_at = created_at - interval '25 hours' WHERE id = $1", said["id"]
    )
    late = await client.patch(f"/v1/comments/{said['id']}", json={"text": "Otherwise"})
    assert (late.status_code, late.json()["code"]) == (409, "comment_too_old")


async def test_comments_of_a_sale_are_listed_newest_first(client: Client) -> None:
    sale, other = await sell(client), await sell(client, name="Other")
    for text in ("one", "two"):
        await say(client, sale, text)
    await say(client, other, "elsewhere")
    page = (await client.get("/v1/comments", params={"opportunity_id": sale["id"]})).json()["data"]
    assert [one["text"] for one in page] == ["two", "one"]


async def test_on_what_is_archived_nobody_comments(client: Client) -> None:
    sale = await sell(client)
    await client.post(f"/v1/opportunities/{sale['id']}/archive")
    refused = await say(client, sale, "Hm")
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "#/opportunity_id")
