"""Where a channel leads: what is acceptable, what is kept sealed of it, and what may be shown."""

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import orjson

from crm.channels.schemas import NotificationChannelCreate
from crm.channels.vocabulary import ChannelKind
from crm.errors import invalid
from crm.sealing import Place
from crm.webhooks.addresses import refusal
from crm.webhooks.signing import new_secret
from crm.workspaces.rules import email_key

ROBOTS: Mapping[ChannelKind, tuple[str, ...]] = MappingProxyType(
    {
        "wecom": ("qyapi.weixin.qq.com",),
        "dingtalk": ("oapi.dingtalk.com",),
        "feishu": ("open.feishu.cn", "open.larksuite.com"),
    }
)
"""Whose robots we know how to speak to."""

_PRINTABLE = re.compile(r"[!-~]{1,200}")


class Target(NamedTuple):
    """Where a channel leads."""

    address: str | None
    hint: str
    target: bytes
    sealed: Mapping[str, str]
    """What only the sender may read; empty for an address that is shown anyway."""
    shown_once: str | None


def place_of(workspace_id: UUID, channel_id: UUID) -> Place:
    """Where a channel's secrets are sealed for."""
    return Place("notification_channels", "sealed", workspace_id, channel_id)


def packed(sealed: Mapping[str, str]) -> bytes:
    """Secrets as the bytes to be sealed."""
    return orjson.dumps(dict(sealed))


def unpacked(opened: bytes) -> dict[str, str]:
    """Secrets as they were packed."""
    found: dict[str, str] = orjson.loads(opened)
    return found


def target_of(new: NotificationChannelCreate, *, allow_loopback: bool) -> Target:
    """Where the channel is to lead. Raises 422 for what is missing, superfluous or never called."""
    _check_fields(new)
    if new.kind == "email":
        address = str(new.address)
        if not address.isascii():
            raise invalid("address", "Few mail servers take an address beyond ASCII.", "not_ascii")
        return Target(address, address, _digest("email", email_key(address)), {}, None)
    url = str(new.url)
    if why := refusal(url, allow_loopback):
        raise invalid("url", why, "url_refused")
    host = (urlsplit(url).hostname or "").lower()
    if new.kind == "webhook":
        secret = new_secret()
        return Target(None, host, _digest("webhook", url), {"url": url, "secret": secret}, secret)
    if host not in ROBOTS[new.kind] and not (allow_loopback and url.startswith("http://")):
        raise invalid("url", f"The address of such a robot is at {' or '.join(ROBOTS[new.kind])}.", "not_a_robot")
    key = _key_of(url)
    if len(key) < 8:
        raise invalid("url", "The address of a robot ends in its key.", "not_a_robot")
    kept = {"url": url} | ({} if new.secret is None else {"secret": new.secret})
    return Target(None, f"{host} …{key[-4:]}", _digest(new.kind, key), kept, None)


def _check_fields(new: NotificationChannelCreate) -> None:
    wanted: dict[str, Any] = {"address": new.kind == "email", "url": new.kind != "email"}
    for field, needed in wanted.items():
        given = getattr(new, field) is not None
        if needed and not given:
            raise invalid(field, "A value is required.", "required")
        if given and not needed:
            raise invalid(field, f"A channel of kind {new.kind} has none.", "not_of_this_kind")
    if new.secret is not None and new.kind not in {"dingtalk", "feishu"}:
        raise invalid("secret", f"A channel of kind {new.kind} is given none.", "not_of_this_kind")
    if new.secret is not None and not _PRINTABLE.fullmatch(new.secret):
        raise invalid("secret", "Printable ASCII without spaces.", "invalid")


def _key_of(url: str) -> str:
    """The part of a robot's address that is its secret."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    for name in ("key", "access_token"):
        if query.get(name):
            return query[name][0]
    return parts.path.rstrip("/").rpartition("/")[2]


def _digest(kind: str, target: str) -> bytes:
    # Of a key nobody can guess, or of an address that is shown anyway.
    return hashlib.sha256(f"{kind}|{target}".encode()).digest()
