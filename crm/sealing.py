"""Secrets we must be able to read again, unreadable at rest and bound to the place they were sealed for.

Sealed bytes are one version byte, a nonce of 12 bytes, and AES-256-GCM cipher text with its tag.
"""

import os
from dataclasses import dataclass
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

SHORTEST_SECRET_KEY = 32
_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16


class SealBroken(Exception):
    """What was to be opened was cut, altered, moved from another place, or sealed with another secret key."""


@dataclass(frozen=True, slots=True)
class Place:
    """The one cell a sealed text belongs to. Opened for any other cell, it does not open."""

    table: str
    column: str
    workspace_id: UUID
    row_id: UUID

    def purpose(self) -> str:
        """One key per column, so that a leak or a flaw in the use of one says nothing about another."""
        return f"seal|{self.table}|{self.column}"

    def bound(self) -> bytes:
        """The additional data that is authenticated with the text."""
        return f"{self.table}|{self.column}|{self.workspace_id}|{self.row_id}".encode()


def derive(secret_key: str, purpose: str) -> bytes:
    """32 bytes for one purpose from the installation's secret key (HKDF-SHA256). ``ValueError`` on a short key."""
    if len(secret_key) < SHORTEST_SECRET_KEY:
        raise ValueError(f"the secret key must have at least {SHORTEST_SECRET_KEY} characters")
    return HKDF(algorithm=SHA256(), length=32, salt=b"rapport", info=purpose.encode()).derive(secret_key.encode())


class Sealer:
    """Seals and opens with keys derived from the secret key. Made once; safe to share."""

    def __init__(self, secret_key: str) -> None:
        """Raises ``ValueError`` when the secret key is too short."""
        derive(secret_key, "check")
        self._secret_key = secret_key
        self._ciphers: dict[str, AESGCM] = {}

    def seal(self, secret: bytes, place: Place) -> bytes:
        """The bytes to store. The same secret sealed twice looks different."""
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher(place).encrypt(nonce, secret, _VERSION + place.bound())

    def open(self, sealed: bytes, place: Place) -> bytes:
        """What was sealed for this place; ``SealBroken`` for everything else."""
        if sealed[:1] != _VERSION or len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise SealBroken(f"not a sealed text of a known version: {place.table}.{place.column} of {place.row_id}")
        nonce, text = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher(place).decrypt(nonce, text, _VERSION + place.bound())
        except InvalidTag:
            raise SealBroken(
                f"altered, sealed for another place or with another key: {place.table}.{place.column} of {place.row_id}"
            ) from None

    def _cipher(self, place: Place) -> AESGCM:
        purpose = place.purpose()
        if purpose not in self._ciphers:
            self._ciphers[purpose] = AESGCM(derive(self._secret_key, purpose))
        return self._ciphers[purpose]
