"""The inbox: one's own and nobody else's."""

from typing import Any
from uuid import UUID, uuid4

from tests.conftest import Client, Clients, Facts, Stage, problem
from tests.factories import Workspace


async def tell(stage: Stage, workspace: Workspace, user_id: UUID, *titles: str) -> list[str]:
    """Notifications as firing writes them; their ids."""
    rows = [
        await stage.owner.fetchval(
            "INSERT INTO notifications (workspace_id, user_id, kind, title, subject_type, subject_id, dedupe_key) "
            "VALUES ($1, $2, 'reminder', $3, 'task', uuidv7(), $4) RETURNING id",
            workspace.id,
            user_id,
            title,
            uuid4().hex,
        )
        for title in titles
    ]
    return [str(row) for row in rows]


async def titles(client: Client, **wanted: Any) -> list[str]:
    """What stands in the inbox."""
    page = (await client.get("/v1/notifications", params=wanted)).json()
    return [notification["title"] for notification in page["data"]]


async def unread(client: Client) -> int:
    """How many are unread."""
    found: int = (await client.get("/v1/notifications/unread-count")).json()["unread"]
    return found


async def test_everybody_sees_their_own_and_nobody_elses(
    clients: Clients, stage: Stage, workspace: Workspace, elsewhere: Workspace
) -> None:
    admin, anna, stranger = (clients(who.token) for who in (workspace.admin, workspace.anna, elsewhere.admin))
    key = clients(await workspace.key("notifications:read", "notifications:write"))
    (told,) = await tell(stage, workspace, workspace.anna.id, "Call Acme")
    assert (await titles(anna), await unread(anna)) == (["Call Acme"], 1)
    for other in (admin, stranger, key):
        assert (await titles(other), await unread(other)) == ([], 0)
        problem(await other.post(f"/v1/notifications/{told}/read"), 404, "not_found")
        assert (await other.post("/v1/notifications/read-all")).json() == {"unread": 0}
    assert await unread(anna) == 1


async def test_reading_one_marks_it_once_and_leaves_no_fact(
    clients: Clients, stage: Stage, workspace: Workspace, events: Facts
) -> None:
    anna = clients(workspace.anna.token)
    first, _ = await tell(stage, workspace, workspace.anna.id, "First", "Second")
    response = await anna.post(f"/v1/notifications/{first}/read")
    assert response.json()["read_at"] is not None
    assert (response.json()["version"], response.headers["etag"]) == (2, '"2"')
    assert (await anna.post(f"/v1/notifications/{first}/read")).content == response.content
    assert (await titles(anna, unread=True), await titles(anna, unread=False)) == (["Second"], ["First"])
    assert await unread(anna) == 1
    assert await events() == []


async def test_reading_all_leaves_none_unread(clients: Clients, stage: Stage, workspace: Workspace) -> None:
    anna, ben = clients(workspace.anna.token), clients(workspace.ben.token)
    await tell(stage, workspace, workspace.anna.id, "First", "Second")
    await tell(stage, workspace, workspace.ben.id, "His")
    assert (await anna.post("/v1/notifications/read-all")).json() == {"unread": 0}
    assert await titles(anna, unread=True) == []
    assert await unread(ben) == 1


async def test_the_newest_comes_first_in_one_statement(
    clients: Clients, stage: Stage, workspace: Workspace, queries: list[str]
) -> None:
    anna = clients(workspace.anna.token)
    await tell(stage, workspace, workspace.anna.id, "First", "Second", "Third")
    await anna.get("/v1/me")
    queries.clear()
    assert await titles(anna, kind="reminder") == ["Third", "Second", "First"]
    assert len([sent for sent in queries if "FROM notifications" in sent]) == 1
    problem(await anna.get("/v1/notifications", params={"user_id": str(workspace.ben.id)}), 422, "unprocessable")
