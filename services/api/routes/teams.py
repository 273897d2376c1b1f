"""Teams, over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Query

from crm.nouns import Answer
from crm.paging import Page
from crm.recording import AlreadyExists
from crm.workspaces import queries, teams
from crm.workspaces.errors import TeamCycle
from crm.workspaces.schemas import TeamCreate, TeamFilter, TeamRead, TeamUpdate
from services.api.problems import problems
from services.api.routes.users import UserChanges, UserReads, UserWrites
from services.api.routing import router as new_router

router = new_router(tags=["teams"])


@router.get("/teams", response_model=Page[TeamRead])
async def list_teams(access: UserReads, wanted: Annotated[TeamFilter, Query()]) -> bytes:
    """The teams of your workspace, newest first."""
    return await queries.page_of_teams(access, wanted)


@router.post("/teams", status_code=201, response_model=TeamRead, responses=problems(AlreadyExists, TeamCycle))
async def create_team(access: UserWrites, new: TeamCreate) -> Answer:
    """Add a team. Its manager sees it and all teams below it."""
    return await teams.create(access, new)


@router.get("/teams/{team_id}", response_model=TeamRead)
async def get_team(access: UserReads, team_id: UUID) -> Answer:
    """One team, with its parent and its manager."""
    return await queries.get_team(access, team_id)


@router.patch("/teams/{team_id}", response_model=TeamRead, responses=problems(TeamCycle))
async def update_team(tx: UserChanges, team_id: UUID, change: TeamUpdate) -> Answer:
    """Change what you send and nothing else. Who sees which customers follows with the next request."""
    return await teams.update(tx, team_id, change)
