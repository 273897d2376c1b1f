"""What crosses the boundary: the workspace, its people and teams, as they are sent, shown and asked for."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, create_model

from crm.actor import Role
from crm.fields import Email, Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.workspaces.fields import Currency, OwnId, Password, Zone
from crm.workspaces.settings import DESCRIPTION, Choice, Described, Number, Setting
from crm.workspaces.vocabulary import Language, UserState


def _described(name: str, group: Described) -> type[BaseModel]:
    """The schema of settings as they hold, from their one description."""
    fields: dict[str, Any] = {key: _field(f"{name}_{key}", setting) for key, setting in group.items()}
    title = "".join(part.title() for part in name.split("_"))
    return create_model(title, __config__=ConfigDict(extra="forbid"), **fields)


def _field(name: str, setting: Setting | Described) -> tuple[Any, Any]:
    if isinstance(setting, Mapping):
        return (_described(name, setting), ...)
    told = f"{setting.default} unless set."
    if isinstance(setting, Number):
        return (Annotated[int, Field(ge=setting.least, le=setting.most, description=told)], ...)
    if isinstance(setting, Choice):
        return (Literal[setting.of], Field(description=told))
    return (str, Field(description=f"A time of day in the workspace's zone. {told}"))


SettingsShown = _described("settings", DESCRIPTION)


class WorkspaceUpdate(Sent):
    """What to change (JSON merge patch); in `settings` too, where null brings a default back."""

    model_config = like(
        name="Chongqing Sales", settings={"warmth": {"hot_until": 14}, "reminder_time": "08:30", "visibility": None}
    )

    name: Name = kept()
    timezone: Zone = kept()
    currency: Currency = kept()
    language: Language = kept()
    calendar_id: UUID = kept()
    settings: Annotated[
        dict[str, Any],
        Field(examples=[{"warmth": {"hot_until": 14}, "reminder_time": "08:30", "visibility": None}]),
    ] = kept()


class WorkspaceRead(Shown):
    """A workspace: the company that uses Rapport, with the settings that hold there."""

    id: UUID
    name: str
    timezone: str
    currency: str
    language: Language
    calendar_id: UUID | None = Field(description="Whoever has no other calendar goes by this one.")
    settings: SettingsShown  # type: ignore[valid-type]  # made above from the description of the settings
    created_at: datetime
    updated_at: datetime
    version: int


class Named(Shown):
    """A person or a team, as far as a nested mention needs."""

    id: UUID
    name: str


class UserCreate(Sent):
    """A new person. Without a password they are known, can own customers, and cannot sign in."""

    model_config = like(
        email="anna@example.com", name="Anna Li", role="sales", team_id="01a1fcb0-3a00-7000-8000-000000000004"
    )

    id: OwnId = None
    email: Email
    name: Name
    role: Role
    team_id: UUID | None = None
    password: Password | None = None
    language: Language | None = Field(default=None, description="The workspace's when null.")
    timezone: Zone | None = Field(default=None, description="The workspace's when null.")
    calendar_id: UUID | None = Field(
        default=None, description="When null: the team's, else that of the next team above, else the workspace's."
    )


class UserUpdate(Sent):
    """What to change (JSON merge patch): fields not sent keep their value, null empties those that may be empty."""

    model_config = like(role="manager", team_id="01a1fcb0-3a00-7000-8000-000000000004")

    email: Email = kept()
    name: Name = kept()
    role: Role = kept()
    team_id: UUID | None = None
    language: Language | None = None
    timezone: Zone | None = None
    calendar_id: UUID | None = Field(
        default=None, description="When null: the team's, else that of the next team above, else the workspace's."
    )


class UserRead(Shown):
    """A person of the workspace."""

    id: UUID
    email: str
    name: str
    role: Role
    team_id: UUID | None
    team: Named | None
    state: UserState
    language: Language | None
    timezone: str | None
    calendar_id: UUID | None
    may_read_sensitive: bool = Field(description="Granted one by one; no role brings it along.")
    created_at: datetime
    updated_at: datetime
    version: int


class UserFilter(Filter):
    """Which people, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name", "email", "-email"] = "-created_at"
    role: list[Role] | None = None
    state: list[UserState] | None = None
    team_id: list[UUID] | None = None


class TeamCreate(Sent):
    """A new team. Whoever manages it sees it and all teams below it."""

    model_config = like(name="North", manager_id="01a1fcb0-3a00-7000-8000-000000000003")

    id: OwnId = None
    name: Name
    parent_id: UUID | None = None
    manager_id: UUID | None = None
    calendar_id: UUID | None = Field(
        default=None, description="When null: that of the next team above, else the workspace's."
    )


class TeamUpdate(Sent):
    """What to change (JSON merge patch)."""

    model_config = like(name="North and West", parent_id=None)

    name: Name = kept()
    parent_id: UUID | None = None
    manager_id: UUID | None = None
    calendar_id: UUID | None = Field(
        default=None, description="When null: that of the next team above, else the workspace's."
    )


class TeamRead(Shown):
    """A team, in its place among the others."""

    id: UUID
    name: str
    parent_id: UUID | None
    parent: Named | None
    manager_id: UUID | None
    manager: Named | None
    calendar_id: UUID | None
    created_at: datetime
    updated_at: datetime
    version: int


class TeamFilter(Filter):
    """Which teams, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"
    parent_id: list[UUID] | None = None
    manager_id: list[UUID] | None = None
