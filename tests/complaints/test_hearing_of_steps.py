"""Which manager hears of a step: the nearest one who is there and whom the complaint is not about."""

from typing import Any
from uuid import UUID

from tests.complaints.steps import SOLUTION, Path, from_nobody, go
from tests.complaints.test_seams import inbox
from tests.conftest import Client, Clients
from tests.factories import Workspace


async def lead(workspace: Workspace, team: UUID, manager: UUID) -> None:
    """Who leads a team."""
    await workspace.owner.execute("UPDATE teams SET manager_id = $2 WHERE id = $1", team, manager)


async def receive_in_the_south(client: Client, workspace: Workspace, **more: Any) -> None:
    """A complaint for the team below the north."""
    await from_nobody(client, team_id=str(workspace.south), **more)


async def test_a_manager_who_is_gone_is_passed_over(
    service: Client, client: Client, manager: Client, workspace: Workspace
) -> None:
    await lead(workspace, workspace.south, workspace.ben.id)
    await lead(workspace, workspace.north, workspace.manager.id)
    await workspace.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.ben.id)
    await receive_in_the_south(service, workspace)
    assert len(await inbox(manager)) == 1
    assert await inbox(client) == []


async def test_whom_it_is_about_is_passed_over(
    service: Client, clients: Clients, manager: Client, workspace: Workspace
) -> None:
    await lead(workspace, workspace.south, workspace.ben.id)
    await lead(workspace, workspace.north, workspace.manager.id)
    await receive_in_the_south(service, workspace, responsible_id=str(workspace.ben.id))
    assert len(await inbox(manager)) == 1
    assert await inbox(clients(workspace.ben.token)) == []


async def test_where_all_who_lead_are_gone_the_administrators_hear(
    service: Client, client: Client, workspace: Workspace
) -> None:
    await lead(workspace, workspace.north, workspace.manager.id)
    await workspace.owner.execute("UPDATE users SET state = 'disabled' WHERE id = $1", workspace.manager.id)
    await receive_in_the_south(service, workspace)
    assert len(await inbox(client)) == 1


async def test_teams_in_a_circle_hold_up_nobody(service: Client, client: Client, workspace: Workspace) -> None:
    for team, above in ((workspace.north, workspace.south), (workspace.south, workspace.north)):
        await workspace.owner.execute("UPDATE teams SET parent_id = $2 WHERE id = $1", team, above)
    await receive_in_the_south(service, workspace)
    assert len(await inbox(client)) == 1


async def test_what_a_manager_proposes_waits_for_whoever_is_above(
    client: Client, clients: Clients, path: Path, workspace: Workspace
) -> None:
    for team, who in ((workspace.south, workspace.manager), (workspace.north, workspace.anna)):
        await lead(workspace, team, who.id)
    complaint = await from_nobody(path.service, team_id=str(workspace.south))
    complaint = await path.to("investigating", complaint)
    await go(clients(workspace.manager.token), complaint, "propose", **SOLUTION)
    titles = await inbox(clients(workspace.anna.token))
    assert titles == [f"投诉 {complaint['number']} 的解决方案待审批"]
    await lead(workspace, workspace.north, workspace.manager.id)
    complaint = await path.to("investigating", await from_nobody(path.service, team_id=str(workspace.south)))
    await go(clients(workspace.manager.token), complaint, "propose", **SOLUTION)
    assert f"投诉 {complaint['number']} 的解决方案待审批" in await inbox(client)
