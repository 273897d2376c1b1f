"""How a workspace, its people, teams and keys look, and everything that reads them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among
from crm.tables import stamps, utc
from crm.workspaces.credentials import ApiKeyFilter
from crm.workspaces.models import api_keys, teams, users, workspaces
from crm.workspaces.schemas import TeamFilter, UserFilter
from crm.workspaces.settings import DESCRIPTION, Described, Setting


def everyone(_sight: Sight) -> ColumnElement[bool]:
    """Colleagues, teams and keys are seen by all who may read them at all."""
    return true()


def _settings(workspace: FromClause) -> ColumnElement[Any]:
    """The settings that hold: what the workspace has set, over the defaults."""

    def over(setting: Setting | Described, own: ColumnElement[Any]) -> ColumnElement[Any]:
        if isinstance(setting, Mapping):
            parts = [part for name, inner in setting.items() for part in (name, over(inner, own[name]))]
            return func.jsonb_build_object(*parts, type_=JSONB)
        return func.coalesce(own, cast(literal(orjson.dumps(setting.default).decode(), Text), JSONB), type_=JSONB)

    return over(DESCRIPTION, workspace.c.settings)


def workspace_shape(workspace: FromClause) -> Select[Any]:
    """A workspace, once."""
    c = workspace.c
    return select(
        c.id, c.name, c.timezone, c.currency, c.language, c.calendar_id, _settings(workspace).label("settings"),
        *stamps(workspace),
    ).select_from(workspace)  # fmt: skip


def user_shape(user: FromClause) -> Select[Any]:
    """A person, once."""
    team = teams.alias("team")
    c = user.c
    return select(
        c.id,
        c.email,
        c.name,
        c.role,
        c.team_id,
        mention(team).label("team"),
        c.state,
        c.language,
        c.timezone,
        c.calendar_id,
        c.may_read_sensitive,
        *stamps(user),
    ).select_from(user.outerjoin(team, and_(team.c.workspace_id == c.workspace_id, team.c.id == c.team_id)))


def team_shape(team: FromClause) -> Select[Any]:
    """A team, once."""
    parent, manager = teams.alias("parent"), users.alias("manager")
    c = team.c
    return select(
        c.id,
        c.name,
        c.parent_id,
        mention(parent).label("parent"),
        c.manager_id,
        mention(manager).label("manager"),
        c.calendar_id,
        *stamps(team),
    ).select_from(
        team.outerjoin(parent, and_(parent.c.workspace_id == c.workspace_id, parent.c.id == c.parent_id)).outerjoin(
            manager, and_(manager.c.workspace_id == c.workspace_id, manager.c.id == c.manager_id)
        )
    )


def key_shape(key: FromClause) -> Select[Any]:
    """An API key, once; never with its secret."""
    c = key.c
    return select(
        c.id,
        c.name,
        c.hint,
        c.scopes,
        utc(c.expires_at).label("expires_at"),
        utc(c.revoked_at).label("revoked_at"),
        utc(c.last_used_at).label("last_used_at"),
        *stamps(key),
    ).select_from(key)


WORKSPACE = Noun("workspace", workspaces, workspace_shape, everyone, customer=None)
USER = Noun("user", users, user_shape, everyone, customer=None)
TEAM = Noun("team", teams, team_shape, everyone, customer=None)
API_KEY = Noun("api_key", api_keys, key_shape, everyone, customer=None)

USERS = Listing(
    USER,
    sorts={"created_at": users.c.created_at, "name": users.c.name, "email": users.c.email_key},
    filters=among(users, ["role", "state", "team_id"]),
)
TEAMS = Listing(
    TEAM,
    sorts={"created_at": teams.c.created_at, "name": teams.c.name},
    filters=among(teams, ["parent_id", "manager_id"]),
)
API_KEYS = Listing(
    API_KEY,
    sorts={"created_at": api_keys.c.created_at, "name": api_keys.c.name},
    filters={"revoked": api_keys.c.revoked_at.is_not(None) == bindparam("revoked", type_=Boolean)},
)


async def get_workspace(access: Access) -> Answer:
    """The workspace of whoever asks."""
    return await reading.one(access, WORKSPACE, access.actor.workspace_id)


async def get_user(access: Access, user_id: UUID) -> Answer:
    """One person. Raises ``NotFound``."""
    return await reading.one(access, USER, user_id)


async def page_of_users(access: Access, wanted: UserFilter) -> bytes:
    """A page of people."""
    return await reading.page(access, USERS, wanted)


async def get_team(access: Access, team_id: UUID) -> Answer:
    """One team. Raises ``NotFound``."""
    return await reading.one(access, TEAM, team_id)


async def page_of_teams(access: Access, wanted: TeamFilter) -> bytes:
    """A page of teams."""
    return await reading.page(access, TEAMS, wanted)


async def get_key(access: Access, key_id: UUID) -> Answer:
    """One API key. Raises ``NotFound``."""
    return await reading.one(access, API_KEY, key_id)


async def page_of_keys(access: Access, wanted: ApiKeyFilter) -> bytes:
    """A page of API keys, revoked ones among them."""
    return await reading.page(access, API_KEYS, wanted)
