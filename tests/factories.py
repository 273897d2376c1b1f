"""Small functions that make what a test needs before it begins."""

import re
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from crm.actor import Actor, ActorKind, Role, Sight
from crm.workspaces.rules import SCOPES_OF, sight_of
from crm.workspaces.settings import DEFAULTS
from crm.workspaces.tokens import Tokens

_numbers = count(1)


def an_address() -> str:
    """A network address that nobody else comes from: strangers are counted by it."""
    digits = uuid4().hex
    return f"2001:db8:{digits[:4]}:{digits[4:8]}::1"


@dataclass
class Person:
    """Someone in a workspace, signed in."""

    id: UUID
    email: str
    actor: Actor
    token: str


@dataclass
class Workspace:
    """A workspace with its people."""

    id: UUID
    admin: Person
    manager: Person
    anna: Person
    ben: Person
    service: Person
    auditor: Person
    north: UUID
    south: UUID
    tokens: Tokens
    owner: asyncpg.Connection = field(repr=False)

    async def key(self, *scopes: str) -> str:
        """A live API key with these scopes."""
        key_id: UUID = await self.owner.fetchval("SELECT uuidv7()")
        made = self.tokens.new_api_key(self.id, key_id)
        await self.owner.execute(
            "INSERT INTO api_keys (workspace_id, id, name, secret_hash, hint, scopes) "
            "VALUES ($1, $2, 'test', $3, $4, $5)",
            self.id,
            key_id,
            made.secret_hash,
            made.text[-4:],
            list(scopes),
        )
        return made.text


async def found_workspace(owner: asyncpg.Connection, secret_key: str, *, visibility: str = "own") -> Workspace:
    """A workspace in Shanghai: team north (manager, anna) above team south (ben), and an admin, an agent, an auditor.

    Sales people see their own customers only; the manager sees both teams.
    """
    tokens = Tokens(secret_key)
    settings = {"visibility": visibility}
    home: UUID = await owner.fetchval(
        "INSERT INTO workspaces (name, settings) VALUES ('Test', $1) RETURNING workspace_id", settings
    )
    north = await owner.fetchval("INSERT INTO teams (workspace_id, name) VALUES ($1, 'North') RETURNING id", home)
    south = await owner.fetchval(
        "INSERT INTO teams (workspace_id, name, parent_id) VALUES ($1, 'South', $2) RETURNING id", home, north
    )

    async def person(name: str, role: Role, team: UUID | None, *sees: UUID) -> Person:
        email = f"{re.sub(r'[^a-z]', '', name.lower())}{next(_numbers)}@example.com"
        user_id = await owner.fetchval(
            "INSERT INTO users (workspace_id, email, email_key, name, role, team_id) "
            "VALUES ($1, $2, $2, $3, $4, $5) RETURNING id",
            home,
            email,
            name,
            role,
            team,
        )
        session_id = await owner.fetchval(
            "INSERT INTO sessions (workspace_id, user_id, refresh_hash, idle_until, valid_until) "
            "VALUES ($1, $2, 'x', now() + interval '1 day', now() + interval '1 day') RETURNING id",
            home,
            user_id,
        )
        sight = sight_of(role, Sight(visibility))
        effective: dict[str, Any] = {**DEFAULTS, **settings}
        actor = Actor(home, user_id, ActorKind.USER, role, SCOPES_OF[role], sight, tuple(sees), settings=effective)
        token = tokens.issue_access(user_id=user_id, workspace_id=home, session_id=session_id, permission_version=1)
        return Person(user_id, email, actor, token)

    return Workspace(
        id=home,
        admin=await person("Ada Admin", Role.ADMIN, None),
        manager=await person("Max Manager", Role.MANAGER, north, north, south),
        anna=await person("Anna Sales", Role.SALES, north, north, south),
        ben=await person("Ben Sales", Role.SALES, south, south),
        service=await person("Sue Service", Role.SERVICE, None),
        auditor=await person("Otto Auditor", Role.AUDITOR, None),
        north=north,
        south=south,
        tokens=tokens,
        owner=owner,
    )
