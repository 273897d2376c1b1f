"""Who is who, and what each role may do and see.

Scopes are ``noun:read`` and ``noun:write``; an API key has the ones it was given.
"""

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from crm.actor import Role, Sight

NOUNS = (
    "workspace", "users", "api_keys", "customers", "contacts", "interactions", "visits",
    "tasks", "reminders", "notifications", "webhooks", "events", "imports", "exports", "sensitive",
    "privacy",
    "key_proposals",
    "handovers",
    "notes",
    "attachments",
    "pipelines",
    "products",
    "opportunities",
    "task_rules",
    "targets",
    "complaints",
    "absences",
)  # fmt: skip

SCOPES = frozenset(f"{noun}:{what}" for noun in NOUNS for what in ("read", "write")) - {"events:write"}

SENSITIVE = frozenset({"sensitive:read", "sensitive:write"})
"""What no role brings along, not even an administrator's: it is granted to people one by one (``domain.md`` C6)."""

_FIELD_WORK = (
    "customers", "contacts", "interactions", "visits", "tasks", "reminders", "notes", "attachments", "opportunities",
    "complaints",
    "absences",
)  # fmt: skip
_EVERYONE = frozenset(
    {
        "workspace:read", "users:read", "task_rules:read", "notifications:read", "notifications:write",
        "pipelines:read", "products:read", "targets:read",
    }
)  # fmt: skip


def _read(*nouns: str) -> frozenset[str]:
    return frozenset(f"{noun}:read" for noun in nouns)


def _write(*nouns: str) -> frozenset[str]:
    return _read(*nouns) | frozenset(f"{noun}:write" for noun in nouns)


SCOPES_OF: Mapping[Role, frozenset[str]] = MappingProxyType(
    {
        Role.ADMIN: SCOPES - SENSITIVE,
        Role.MANAGER: _EVERYONE
        | _write(*_FIELD_WORK, "imports", "exports", "key_proposals", "handovers", "products", "targets"),
        Role.SALES: _EVERYONE | _write(*_FIELD_WORK, "imports"),
        Role.SERVICE: _EVERYONE
        | _write("interactions", "tasks", "reminders", "contacts", "notes", "attachments", "complaints", "absences")
        | _read("customers", "visits"),
        Role.AUDITOR: frozenset(scope for scope in SCOPES - SENSITIVE if scope.endswith(":read"))
        | {"notifications:write"},
    }
)


def scopes_of(role: Role, *, may_read_sensitive: bool) -> frozenset[str]:
    """What a person of this role may do; what is sensitive may be written by those who may write contacts at all."""
    scopes = SCOPES_OF[role]
    if not may_read_sensitive:
        return scopes
    return scopes | (SENSITIVE if "contacts:write" in scopes else SENSITIVE - {"sensitive:write"})


_WIDEST = {Sight.OWN: 0, Sight.TEAM: 1, Sight.ALL: 2}

_AT_LEAST: Mapping[Role, Sight] = MappingProxyType(
    {
        Role.ADMIN: Sight.ALL,
        Role.AUDITOR: Sight.ALL,
        Role.SERVICE: Sight.ALL,
        Role.MANAGER: Sight.TEAM,
        Role.SALES: Sight.OWN,
    }
)


def sight_of(role: Role, visibility: Sight) -> Sight:
    """How far a role sees in a workspace with this visibility: whichever of the two reaches further."""
    return max(_AT_LEAST[role], visibility, key=_WIDEST.__getitem__)


def email_key(email: str) -> str:
    """What two spellings of one address have in common; people sign in with any of them."""
    return unicodedata.normalize("NFKC", email).strip().casefold()
