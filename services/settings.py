"""What a process is told by its environment, read once in each ``main.py`` and handed on as arguments.

Every variable is listed here and in the README's table. What is missing or malformed is named; what it held is never
printed, since it may be a secret.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from services.mail import Mail, mail_server, sender_of

POSTGRES_SCHEMES = ("postgresql://", "postgres://")
REDIS_SCHEMES = ("redis://", "rediss://", "unix://")
SHORTEST_SECRET_KEY = 32


class SettingsInvalid(Exception):
    """The environment does not say what a process needs; the message names each variable and what is wrong with it."""


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(
        extra="ignore", populate_by_name=True, hide_input_in_errors=True, env_ignore_empty=True, frozen=True
    )


class MigrationSettings(_Environment):
    """What ``rapport migrate`` needs: the login that owns the schema, and the passwords it gives to the others."""

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    api_password: SecretStr | None = Field(default=None, validation_alias="RAPPORT_API_PASSWORD")
    worker_password: SecretStr | None = Field(default=None, validation_alias="RAPPORT_WORKER_PASSWORD")

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, url: str) -> str:
        return _begins_with(url, POSTGRES_SCHEMES)


class AddressSettings(_Environment):
    """Where the API listens and where this machine keeps its files."""

    data_dir: Path = Field(default=Path(".data"), validation_alias="RAPPORT_DATA_DIR")
    host: str = Field(default="127.0.0.1", validation_alias="RAPPORT_HOST")
    port: int = Field(default=8000, ge=1, le=65535, validation_alias="RAPPORT_PORT")

    @property
    def attachments_dir(self) -> Path:
        """Where the content of attachments is kept."""
        return self.data_dir.expanduser().resolve() / "attachments"


class DataSettings(AddressSettings):
    """What whoever works on the data needs."""

    database_url: str = Field(validation_alias="DATABASE_URL", repr=False)
    database_read_url: str | None = Field(default=None, validation_alias="DATABASE_READ_URL", repr=False)
    secret_key: SecretStr = Field(validation_alias="RAPPORT_SECRET_KEY")

    @field_validator("database_url", "database_read_url")
    @classmethod
    def _is_postgres(cls, url: str | None) -> str | None:
        return None if url is None else _begins_with(url, POSTGRES_SCHEMES)

    @field_validator("secret_key")
    @classmethod
    def _is_long_enough(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < SHORTEST_SECRET_KEY:
            raise ValueError(f"must have at least {SHORTEST_SECRET_KEY} characters")
        return key


class Settings(DataSettings):
    """What the API and the worker need."""

    redis_url: str = Field(validation_alias="REDIS_URL", repr=False)
    api_processes: int = Field(default=1, ge=1, le=64, validation_alias="RAPPORT_API_PROCESSES")
    pool_size: int = Field(default=10, ge=1, le=1000, validation_alias="RAPPORT_POOL_SIZE")
    """Database connections per process."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(default=(), validation_alias="RAPPORT_CORS_ORIGINS")
    """Origins of web front ends, separated by commas."""
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="RAPPORT_LOG_LEVEL"
    )
    rate_limit: int = Field(default=1200, ge=0, validation_alias="RAPPORT_RATE_LIMIT")
    """Requests per minute for each credential in each process; 0 means no limit."""
    trusted_proxies: str = Field(default="127.0.0.1", validation_alias="RAPPORT_TRUSTED_PROXIES")
    """Addresses or networks whose ``X-Forwarded-For`` is believed, separated by commas; ``*`` for all."""
    webhooks_allow_loopback: bool = Field(default=False, validation_alias="RAPPORT_WEBHOOKS_ALLOW_LOOPBACK")
    """Lets webhooks reach this machine itself. For development only: it opens the door that guards against SSRF."""
    access_log: bool = Field(default=True, validation_alias="RAPPORT_ACCESS_LOG")
    """Whether each request leaves a line in the log."""
    drain_seconds: float = Field(default=0, ge=0, le=300, validation_alias="RAPPORT_DRAIN_SECONDS")
    """How long to go on serving after SIGTERM while readiness says no, so that a balancer notices."""
    docs: bool = Field(default=True, validation_alias="RAPPORT_DOCS")
    """Whether ``/docs`` and ``/openapi.json`` are served."""
    smtp_url: SecretStr | None = Field(default=None, validation_alias="RAPPORT_SMTP_URL")
    """Where e-mail is handed over; without it, there are no e-mail channels."""
    mail_from: str | None = Field(default=None, validation_alias="RAPPORT_MAIL_FROM")
    """Who e-mail is from: ``Rapport <crm@example.com>``."""
    public_url: str | None = Field(default=None, validation_alias="RAPPORT_PUBLIC_URL")
    """Where the API is reached from outside; e-mail then has a link by which its reader turns it off."""

    @cached_property
    def mail(self) -> Mail | None:
        """The mail server, where there is one."""
        if self.smtp_url is None or self.mail_from is None:
            return None
        return mail_server(self.smtp_url.get_secret_value(), self.mail_from)

    @field_validator("smtp_url")
    @classmethod
    def _is_mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            mail_server(url.get_secret_value(), "rapport@example.com")
        return url

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, sender: str | None) -> str | None:
        if sender is not None:
            sender_of(sender)
        return sender

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, url: str | None) -> str | None:
        return None if url is None else _origin(url.rstrip("/"))

    @model_validator(mode="after")
    def _mail_is_from_somebody(self) -> Self:
        if self.smtp_url is not None and self.mail_from is None:
            raise ValueError("RAPPORT_MAIL_FROM is required with RAPPORT_SMTP_URL")
        return self

    s3_bucket: str | None = Field(default=None, validation_alias="RAPPORT_S3_BUCKET")
    """Where attachments and the files of exports are kept; without it, in folders of this machine."""
    s3_prefix: str = Field(default="attachments", validation_alias="RAPPORT_S3_PREFIX")
    s3_endpoint: str | None = Field(default=None, validation_alias="RAPPORT_S3_ENDPOINT")
    """The address of a store that is not Amazon's."""
    s3_region: str = Field(default="us-east-1", validation_alias="RAPPORT_S3_REGION")
    s3_access_key_id: SecretStr | None = Field(default=None, validation_alias="RAPPORT_S3_ACCESS_KEY_ID")
    s3_secret_access_key: SecretStr | None = Field(default=None, validation_alias="RAPPORT_S3_SECRET_ACCESS_KEY")

    @model_validator(mode="after")
    def _has_keys_to_its_bucket(self) -> Self:
        if self.s3_bucket and not (self.s3_access_key_id and self.s3_secret_access_key):
            raise ValueError("RAPPORT_S3_BUCKET needs RAPPORT_S3_ACCESS_KEY_ID and RAPPORT_S3_SECRET_ACCESS_KEY")
        return self

    @field_validator("s3_endpoint")
    @classmethod
    def _is_an_address(cls, url: str | None) -> str | None:
        return None if url is None else _begins_with(url, ("https://", "http://"))

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, url: str) -> str:
        return _begins_with(url, REDIS_SCHEMES)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split(cls, origins: str | tuple[str, ...]) -> tuple[str, ...]:
        given = origins.split(",") if isinstance(origins, str) else origins
        return tuple(_origin(one.strip()) for one in given if one.strip())

    @field_validator("log_level", mode="before")
    @classmethod
    def _in_lower_case(cls, level: str) -> str:
        return level.lower()


Kind = TypeVar("Kind", bound=_Environment)


def load(kind: type[Kind]) -> Kind:
    """Read settings from the environment; raises SettingsInvalid with one line per variable that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        # The location of a missing value is its alias, that of a malformed one may be the field's name.
        aliases = {name: str(field.validation_alias) for name, field in kind.model_fields.items()}
        lines = [
            f"  {_named(one['loc'], aliases)}{_plainly(one['type'], one['msg'])}"
            for one in error.errors(include_input=False, include_context=False, include_url=False)
        ]
    raise SettingsInvalid("The settings are not complete:\n" + "\n".join(lines))


def _named(place: tuple[int | str, ...], aliases: dict[str, str]) -> str:
    return f"{aliases.get(str(place[0]), place[0])}: " if place else ""


def _plainly(kind: str, message: str) -> str:
    return "is required and not set" if kind == "missing" else message.removeprefix("Value error, ")


def _begins_with(url: str, schemes: tuple[str, ...]) -> str:
    if not url.startswith(schemes):
        raise ValueError(f"must begin with {' or '.join(schemes)}")
    return url


def _origin(origin: str) -> str:
    if origin != "*" and (not origin.startswith(("http://", "https://")) or origin.count("/") != 2):
        raise ValueError("must be origins such as https://crm.example.com, separated by commas, without a path")
    return origin
