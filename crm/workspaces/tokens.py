"""What a caller shows to prove who they are: access tokens, refresh tokens, API keys.

Each of them names its workspace, so that row-level security is set before the database is asked anything. None of
them is stored in a form that could be shown again.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import jwt

from crm.errors import Unauthenticated
from crm.sealing import derive

ACCESS_LIFETIME = timedelta(minutes=10)
ISSUER = "rapport"
AUDIENCE = "rapport-api"
API_KEY_PREFIX = "rpt_"

_TYPE = "at+jwt"
_ALGORITHM = "HS256"
# Clocks of two API machines may differ by this much.
_LEEWAY = timedelta(seconds=5)
_CLAIMS = ["iss", "aud", "sub", "wsp", "sid", "pv", "iat", "exp"]
_LONGEST_ACCESS = 1024
# The last character of 32 bytes in base64url has two spare bits; only the spelling with zeros is ours.
_ACCESS_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]")

_REFRESH_VERSION = b"\x01"
_SECRET_BYTES = 32

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_BASE62_VALUES = {letter: value for value, letter in enumerate(_BASE62)}
_BASE62_OF_32_BYTES = 43
_BASE62_OF_CRC32 = 6
_API_KEY_SHAPE = re.compile(r"(rpt_live_([0-9A-Za-z]{43})_[0-9A-Za-z]{43})([0-9A-Za-z]{6})")


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What a valid access token says. ``permission_version`` is compared with the user's present one."""

    user_id: UUID
    workspace_id: UUID
    session_id: UUID
    permission_version: int
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A refresh token or API key just made: ``text`` is shown once, ``secret_hash`` is stored."""

    text: str
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class RefreshParts:
    """Where to look a refresh token up, and the hash that must be found there."""

    workspace_id: UUID
    session_id: UUID
    secret_hash: bytes


@dataclass(frozen=True, slots=True)
class ApiKeyParts:
    """Where to look an API key up, and the hash that must be found there."""

    workspace_id: UUID
    key_id: UUID
    secret_hash: bytes


def is_api_key(credential: str) -> bool:
    """Whether a bearer credential is an API key rather than an access token. Says nothing about its validity."""
    return credential.startswith(API_KEY_PREFIX)


def new_refresh(workspace_id: UUID, session_id: UUID) -> NewSecret:
    """An opaque refresh token with 256 random bits."""
    raw = _REFRESH_VERSION + workspace_id.bytes + session_id.bytes + secrets.token_bytes(_SECRET_BYTES)
    return NewSecret(text=_base64url(raw), secret_hash=hashlib.sha256(raw).digest())


def parse_refresh(token: str) -> RefreshParts:
    """The parts of a refresh token, not yet known to be valid; ``Unauthenticated`` when it cannot be one of ours.

    The hash covers the ids too, so a token with its ids exchanged is found nowhere.
    """
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Unauthenticated from None
    if len(raw) != 33 + _SECRET_BYTES or raw[:1] != _REFRESH_VERSION or _base64url(raw) != token:
        raise Unauthenticated
    return RefreshParts(UUID(bytes=raw[1:17]), UUID(bytes=raw[17:33]), hashlib.sha256(raw).digest())


class Tokens:
    """Access tokens and API keys of one installation, by keys derived from its secret key. Made once; safe to share."""

    def __init__(self, secret_key: str) -> None:
        """Raises ``ValueError`` when the secret key is too short."""
        self._access_key = derive(secret_key, "access token|HS256")
        self._pepper = derive(secret_key, "api key|HMAC-SHA256")
        self._key_id = hashlib.sha256(b"kid" + self._access_key).hexdigest()[:16]
        self._jwt = jwt.PyJWT()

    def issue_access(
        self,
        *,
        user_id: UUID,
        workspace_id: UUID,
        session_id: UUID,
        permission_version: int,
        now: datetime | None = None,
    ) -> str:
        """A signed access token, good for ``ACCESS_LIFETIME``."""
        issued_at = int((now or datetime.now(UTC)).timestamp())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(user_id),
            "wsp": str(workspace_id),
            "sid": str(session_id),
            "pv": permission_version,
            "iat": issued_at,
            "exp": issued_at + int(ACCESS_LIFETIME.total_seconds()),
        }
        headers = {"typ": _TYPE, "kid": self._key_id}
        return self._jwt.encode(claims, self._access_key, algorithm=_ALGORITHM, headers=headers)

    def read_access(self, token: str) -> AccessClaims:
        """What the token says, once it is proven ours, for this API, and of this moment; else ``Unauthenticated``."""
        if len(token) > _LONGEST_ACCESS or not _ACCESS_SHAPE.fullmatch(token):
            raise Unauthenticated
        try:
            read = self._jwt.decode_complete(
                token,
                self._access_key,
                algorithms=[_ALGORITHM],
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=_LEEWAY,
                options={"require": _CLAIMS, "strict_aud": True},
            )
            header, claims = read["header"], read["payload"]
            if header.get("typ") != _TYPE or header.get("kid") != self._key_id or type(claims["pv"]) is not int:
                raise Unauthenticated
            return AccessClaims(
                user_id=UUID(claims["sub"]),
                workspace_id=UUID(claims["wsp"]),
                session_id=UUID(claims["sid"]),
                permission_version=claims["pv"],
                issued_at=datetime.fromtimestamp(claims["iat"], UTC),
                expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            )
        # A nested or outsized value fails in Python's own errors, before or after the signature.
        except (jwt.PyJWTError, ValueError, TypeError, AttributeError, OverflowError, RecursionError):
            raise Unauthenticated from None

    def new_api_key(self, workspace_id: UUID, key_id: UUID) -> NewSecret:
        """``rpt_live_<ids>_<secret><checksum>``: recognisable to people and to secret scanners."""
        ids = _base62(int.from_bytes(workspace_id.bytes + key_id.bytes, "big"), _BASE62_OF_32_BYTES)
        secret = _base62(int.from_bytes(secrets.token_bytes(_SECRET_BYTES), "big"), _BASE62_OF_32_BYTES)
        body = f"{API_KEY_PREFIX}live_{ids}_{secret}"
        return NewSecret(text=body + _checksum(body), secret_hash=self._hash_of_key(body))

    def parse_api_key(self, text: str) -> ApiKeyParts | None:
        """The parts of an API key, not yet known to be valid; ``None`` when it cannot be one of ours.

        The checksum comes first, so a mistyped or invented key costs no database and no HMAC.
        """
        match = _API_KEY_SHAPE.fullmatch(text)
        if match is None or _checksum(match[1]) != match[3]:
            return None
        ids = _from_base62(match[2])
        if ids.bit_length() > 256:
            return None
        raw = ids.to_bytes(32, "big")
        return ApiKeyParts(UUID(bytes=raw[:16]), UUID(bytes=raw[16:]), self._hash_of_key(match[1]))

    def _hash_of_key(self, body: str) -> bytes:
        return hmac.digest(self._pepper, body.encode(), "sha256")


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _base62(number: int, width: int) -> str:
    letters = []
    for _ in range(width):
        number, value = divmod(number, 62)
        letters.append(_BASE62[value])
    return "".join(reversed(letters))


def _from_base62(text: str) -> int:
    number = 0
    for letter in text:
        number = number * 62 + _BASE62_VALUES[letter]
    return number


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()), _BASE62_OF_CRC32)
