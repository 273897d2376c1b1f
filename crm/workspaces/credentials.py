"""What crosses the boundary of who is who: signing in, oneself, sessions, API keys."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from crm.actor import Role, Sight
from crm.fields import Moment, Name, Sent, Shown, kept, like
from crm.paging import Filter
from crm.workspaces.fields import Device, OwnId, Password, Scope, Zone
from crm.workspaces.rules import SCOPES
from crm.workspaces.vocabulary import Language, RevokedBecause


class ApiKeyCreate(Sent):
    """A new key for a program. It gets no scope that you do not have."""

    model_config = like(
        name="Web shop", scopes=["customers:read", "customers:write"], expires_at="2027-12-31T00:00:00Z"
    )

    id: OwnId = None
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES), examples=[["customers:read"]])]
    expires_at: Moment | None = None


class ApiKeyRead(Shown):
    """An API key, without its secret, which nobody can read again."""

    id: UUID
    name: str
    hint: str = Field(description="The last characters of the secret, to tell keys apart.")
    scopes: list[Scope]
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None = Field(description="To the minute.")
    created_at: datetime
    updated_at: datetime
    version: int


class ApiKeyCreated(ApiKeyRead):
    """An API key as it was just made."""

    secret: str | None = Field(
        description="Shown this once. Null where the answer is repeated for an `Idempotency-Key`: it is not kept."
    )


class ApiKeyFilter(Filter):
    """Which keys, and in what order."""

    sort: Literal["created_at", "-created_at", "name", "-name"] = "-created_at"
    revoked: bool | None = Field(default=None, description="Only the revoked ones, or only the others.")


class SessionRead(Shown):
    """Where someone is signed in."""

    id: UUID
    user_id: UUID
    device: str | None
    last_used_at: datetime = Field(description="When an access token was last made.")
    ends_at: datetime = Field(description="When it ends unless it is used before.")
    revoked_at: datetime | None
    revoked_because: RevokedBecause | None
    created_at: datetime
    updated_at: datetime
    version: int


class SessionFilter(Filter):
    """In what order."""

    sort: Literal["created_at", "-created_at"] = "-created_at"


class WorkspaceMention(Shown):
    """The workspace, as far as everyone in it needs to know."""

    id: UUID
    name: str
    timezone: str
    currency: str
    language: Language


class MeRead(Shown):
    """Who you are, and what you may do and see."""

    kind: Literal["user", "key"]
    id: UUID
    name: str
    email: str | None = Field(description="Of a person.")
    role: Role | None = Field(description="Of a person.")
    scopes: list[Scope]
    sight: Sight = Field(description="Whose records you see: your own, your team's and below, or all.")
    team_id: UUID | None
    team_ids: list[UUID] = Field(description="Your team, those you manage, and all below.")
    language: Language | None = Field(description="The workspace's when null.")
    timezone: str | None = Field(description="The workspace's when null.")
    session_id: UUID | None = Field(description="The session you are asking in.")
    workspace: WorkspaceMention
    version: int


class MeUpdate(Sent):
    """What to change about yourself (JSON merge patch)."""

    model_config = like(language="zh-CN", timezone="Asia/Shanghai")

    name: Name = kept()
    language: Language | None = None
    timezone: Zone | None = None


class PasswordChange(Sent):
    """A new password, and the present one as proof that it is you."""

    model_config = like(old_password="correct horse battery", new_password="another horse battery")  # noqa: S106  an example

    old_password: Password
    new_password: Password


class TokenRequest(Sent):
    """OAuth 2, password and refresh grants. What other OAuth clients send along is taken and not used."""

    model_config = like(
        grant_type="password",
        username="ada@example.com",
        password="correct horse battery",  # noqa: S106  an example
    )

    grant_type: Literal["password", "refresh_token"]
    username: Annotated[str, StringConstraints(max_length=254)] | None = Field(
        default=None, description="The e-mail address, with `password`.", examples=["ada@example.com"]
    )
    password: Password | None = Field(default=None, description="With `password`.")
    refresh_token: Annotated[str, StringConstraints(max_length=512)] | None = Field(
        default=None, description="With `refresh_token`."
    )
    workspace: UUID | None = Field(default=None, description="Where the e-mail address is known in several.")
    device: Device | None = Field(
        default=None, description="What this device is called. If you send it, send the same each time you refresh."
    )
    scope: Annotated[str, StringConstraints(max_length=1000)] | None = Field(default=None, description="Not used.")
    client_id: Annotated[str, StringConstraints(max_length=200)] | None = Field(default=None, description="Not used.")
    client_secret: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="Not used."
    )


class TokenRead(Shown):
    """What to prove yourself with from now on."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int = Field(description="Seconds that the access token is good for.")
    refresh_token: str = Field(description="Good once; the answer brings the next.")
    refresh_expires_in: int = Field(description="Seconds that the refresh token is good for.")


class RevokeRequest(Sent):
    """A token to end (RFC 7009)."""

    model_config = like(token="the refresh token or the access token")  # noqa: S106  an example

    token: Annotated[str, StringConstraints(max_length=2048)] = Field(description="A refresh or an access token.")
    token_type_hint: Annotated[str, StringConstraints(max_length=50)] | None = Field(
        default=None, description="Not needed."
    )
