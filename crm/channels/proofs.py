"""Proofs that need no table: the code that is sent to an address, and the link that turns a channel off."""

import base64
import binascii
import hmac
from datetime import datetime
from uuid import UUID

from crm.sealing import derive

CODE_PURPOSE = "channel code|HMAC-SHA256"
UNSUBSCRIBE_PURPOSE = "unsubscribe|HMAC-SHA256"
_DIGITS = 6


class Proofs:
    """Makes and checks them. Made once; safe to share."""

    def __init__(self, secret_key: str) -> None:
        """Raises ``ValueError`` when the secret key is too short."""
        self._codes = derive(secret_key, CODE_PURPOSE)
        self._links = derive(secret_key, UNSUBSCRIBE_PURPOSE)

    def code(self, channel_id: UUID, address: str, sent_at: datetime) -> str:
        """The six digits that stand for this address at this moment."""
        text = f"{channel_id}|{address}|{sent_at.timestamp():.6f}".encode()
        number = int.from_bytes(hmac.digest(self._codes, text, "sha256")[:8], "big")
        return f"{number % 10**_DIGITS:0{_DIGITS}}"

    def is_code(self, code: str, channel_id: UUID, address: str, sent_at: datetime) -> bool:
        """Whether this is that code."""
        return hmac.compare_digest(code.encode(), self.code(channel_id, address, sent_at).encode())

    def unsubscribing(self, workspace_id: UUID, channel_id: UUID) -> str:
        """What proves to have got a message of this channel; for an address, so URL-safe."""
        named = workspace_id.bytes + channel_id.bytes
        return base64.urlsafe_b64encode(named + hmac.digest(self._links, named, "sha256")[:16]).decode()

    def unsubscribed(self, token: str) -> tuple[UUID, UUID] | None:
        """The workspace and the channel that a token names; None when it was not made here."""
        try:
            found = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            return None
        named, proof = found[:32], found[32:]
        if len(named) != 32 or not hmac.compare_digest(proof, hmac.digest(self._links, named, "sha256")[:16]):
            return None
        return UUID(bytes=named[:16]), UUID(bytes=named[16:])
