"""The secret in a feed's address: names its workspace and itself, so that row-level security is set before we look.

Stored is only its hash; whoever lost the address makes another feed.
"""

import base64
import binascii
import hashlib
import secrets
from typing import NamedTuple
from uuid import UUID

_VERSION = b"\x02"
_SECRET_BYTES = 32
_LENGTH = len(_VERSION) + 16 + 16 + _SECRET_BYTES


class FeedSecret(NamedTuple):
    """Where to look a feed up, and the hash that must be found there."""

    workspace_id: UUID
    feed_id: UUID
    secret_hash: bytes


def new_secret(workspace_id: UUID, feed_id: UUID) -> tuple[str, bytes]:
    """A secret with 256 random bits, as text for the address, and its hash. The hash covers the ids too."""
    raw = _VERSION + workspace_id.bytes + feed_id.bytes + secrets.token_bytes(_SECRET_BYTES)
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode(), hashlib.sha256(raw).digest()


def parse(text: str) -> FeedSecret | None:
    """The parts of a secret, not yet known to be valid; None when it cannot be one of ours."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != _LENGTH or raw[:1] != _VERSION:
        return None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        return None
    return FeedSecret(UUID(bytes=raw[1:17]), UUID(bytes=raw[17:33]), hashlib.sha256(raw).digest())
