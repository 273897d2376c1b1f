"""Links that let a stranger do one thing without signing in: their tokens, and the hash of one that is all we keep.

A token names its workspace, so that row-level security is set before anything is looked for, and what it is for: a
link to look at a complaint opens no form. The rest of it are 256 bits that nobody can guess. Rows are found by the
hash of the whole token, over an index: whoever guesses cannot steer the hash, so the time of a search tells nothing.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from enum import IntEnum
from typing import NamedTuple
from uuid import UUID

from crm.errors import NotFound
from crm.sealing import derive

_SECRET_BYTES = 32
_LENGTH = 1 + 16 + _SECRET_BYTES
LONGEST_TOKEN = 66
"""Characters of every token: 49 bytes in base64 for addresses, without padding."""


class Purpose(IntEnum):
    """What a link is for; the first byte of its token."""

    COMPLAINT_FORM = 0x11
    COMPLAINT_STATUS = 0x12
    COMPLAINT_INBOX = 0x13
    SURVEY = 0x14


class LinkOver(Exception):
    """A link that we gave out and that leads nowhere any more: outside just as one that never was, but no guess."""


class NewLink(NamedTuple):
    """The token for the address, which is told once, and its hash, which is kept."""

    token: str
    token_hash: bytes


class Link(NamedTuple):
    """Where to look for the row a token stands for, and the hash that must be found there."""

    workspace_id: UUID
    token_hash: bytes


class Links:
    """Makes links that have to be told a second time, with a key of the installation. Made once; safe to share."""

    def __init__(self, secret_key: str) -> None:
        """Raises ``ValueError`` when the secret key is too short."""
        self._key = derive(secret_key, "links of strangers|HMAC-SHA256")

    def of(self, purpose: Purpose, workspace_id: UUID, row_id: UUID) -> NewLink:
        """The link of this row: the same whenever it is asked for, and nobody's guess without the key."""
        named = bytes([purpose]) + workspace_id.bytes + row_id.bytes
        return _link(purpose, workspace_id, hmac.digest(self._key, named, "sha256"))


def new_link(purpose: Purpose, workspace_id: UUID) -> NewLink:
    """A link with 256 random bits."""
    return _link(purpose, workspace_id, secrets.token_bytes(_SECRET_BYTES))


def read(purpose: Purpose, token: str) -> Link:
    """What a token says, which is not yet known to be true. Raises ``NotFound`` where none of ours looks like it."""
    if len(token) != LONGEST_TOKEN:
        raise NotFound
    try:
        raw = base64.b64decode(token + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise NotFound from None
    # Spare bits of the last character could be set otherwise: one token must have one spelling.
    if len(raw) != _LENGTH or raw[0] != purpose or _written(raw) != token:
        raise NotFound
    return Link(UUID(bytes=raw[1:17]), hashlib.sha256(raw).digest())


def _link(purpose: Purpose, workspace_id: UUID, secret: bytes) -> NewLink:
    raw = bytes([purpose]) + workspace_id.bytes + secret
    return NewLink(_written(raw), hashlib.sha256(raw).digest())


def _written(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
