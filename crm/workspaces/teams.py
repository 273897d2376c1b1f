"""Everything that changes teams."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, Uuid, bindparam, literal, select

from crm.actor import Sight
from crm.calendars.choosing import check_choice
from crm.database import Access, Transaction, statement
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces import events
from crm.workspaces.errors import TeamCycle
from crm.workspaces.locking import one_at_a_time
from crm.workspaces.models import teams
from crm.workspaces.queries import TEAM
from crm.workspaces.schemas import TeamCreate, TeamUpdate


async def create(access: Access, new: TeamCreate) -> Answer:
    """Add a team. Raises ``AlreadyExists``, ``TeamCycle`` for a team that is to be below itself."""
    values = new.model_dump(exclude_none=True)
    if new.parent_id is not None and new.parent_id == new.id:
        raise TeamCycle
    await check_choice(access, values)
    created = await record(access, events.TEAM_CREATED, _create(frozenset(values)), **renamed(values))
    return created or await explain(access, TEAM, values["id"])


async def update(tx: Transaction, team_id: UUID, change: TeamUpdate) -> Answer:
    """Change what was sent; who sees what follows with the next request.

    Raises ``NotFound``, ``Stale``, ``TeamCycle``.
    """
    values = change.model_dump(exclude_unset=True)
    await check_choice(tx, values)
    if change.parent_id is not None:
        await one_at_a_time(tx)
        if await tx.value(_is_below(), id=team_id, new_parent_id=change.parent_id):
            await explain(tx, TEAM, team_id)
            raise TeamCycle
    changed = await record(tx, events.TEAM_UPDATED, _update(frozenset(values)), id=team_id, **renamed(values))
    return changed or await explain(tx, TEAM, team_id)


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(TEAM, columns)


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(TEAM, Sight.ALL, columns)


@statement
def _is_below() -> Select[Any]:
    """The new parent is the team itself or somewhere below it."""
    home = bindparam("workspace_id", type_=Uuid)
    first = select(teams.c.id).where(teams.c.workspace_id == home, teams.c.id == bindparam("id", type_=Uuid))
    below = first.cte("below", recursive=True)
    below = below.union(select(teams.c.id).where(teams.c.workspace_id == home, teams.c.parent_id == below.c.id))
    return select(literal(1)).select_from(below).where(below.c.id == bindparam("new_parent_id", type_=Uuid))
