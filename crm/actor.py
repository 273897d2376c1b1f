"""Who acts: the one thing every read and write starts from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import Any
from uuid import UUID

NOBODY = UUID(int=0)


class ActorKind(StrEnum):
    """A person, a program with a key, or the product itself acting by a rule."""

    USER = "user"
    KEY = "key"
    SYSTEM = "system"


class Role(StrEnum):
    """What a person is here for. What each may do and see stands in ``workspaces/rules.py``."""

    ADMIN = "admin"
    MANAGER = "manager"
    SALES = "sales"
    SERVICE = "service"
    AUDITOR = "auditor"


class Sight(StrEnum):
    """Which rows an actor sees inside the workspace: their own, their team's and below, or all."""

    OWN = "own"
    TEAM = "team"
    ALL = "all"


@dataclass(frozen=True)
class Actor:
    """Who asks, in which workspace, and what they may do and see there.

    ``settings`` are the workspace's thresholds over the defaults of ``domain.md``; they travel with the actor so that
    a statement can name them without reading the workspace again. So do ``custom_fields``, the fields that the
    workspace has defined, by noun and key (``workspaces/custom_rules.py``).
    """

    workspace_id: UUID
    id: UUID
    kind: ActorKind
    role: Role | None = None
    scopes: frozenset[str] = frozenset()
    sight: Sight = Sight.OWN
    team_ids: tuple[UUID, ...] = ()
    timezone: str = "Asia/Shanghai"
    language: str = "en"
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    custom_fields: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: MappingProxyType({}))
    session_id: UUID | None = None

    @property
    def user_id(self) -> UUID | None:
        """The person, where it is one."""
        return self.id if self.kind is ActorKind.USER else None

    @cached_property
    def known(self) -> Mapping[str, Any]:
        """What any statement may name without being given it."""
        return {
            "workspace_id": self.workspace_id,
            "actor_id": self.id,
            "actor_kind": self.kind,
            "user_id": self.user_id,
            "scopes": tuple(sorted(self.scopes)),
            "team_ids": self.team_ids,
            "timezone": self.timezone,
            **{
                f"{group}_{name}": value
                for group, values in self.settings.items()
                if isinstance(values, Mapping)
                for name, value in values.items()
            },
        }


def system(
    workspace_id: UUID, *, timezone: str, language: str = "en", settings: Mapping[str, Any] | None = None
) -> Actor:
    """The product acting by one of its own rules inside one workspace: sees all of it."""
    return Actor(
        workspace_id=workspace_id,
        id=NOBODY,
        kind=ActorKind.SYSTEM,
        sight=Sight.ALL,
        timezone=timezone,
        language=language,
        settings=settings or MappingProxyType({}),
    )
