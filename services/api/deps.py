"""What routes ask for: someone who may read, or someone who may write, with the database in reach.

One dependency a route: each costs 15-25 µs. ``Reads`` and ``Writes`` run statements one by one; ``Changes`` opens a
transaction for actions of several statements, and so does any write with an ``Idempotency-Key``, whose answer is kept
in the same commit as the change.
"""

import hashlib
import hmac
import re
from contextlib import AbstractAsyncContextManager
from typing import Annotated, Any

from fastapi import Depends, Request, Security
from fastapi.security import SecurityScopes
from fastapi.security.base import SecurityBase
from starlette.responses import Response

from crm.database import Access, Transaction
from crm.errors import Conflict, FieldError, Problem, Unprocessable
from crm.sealing import Sealer
from crm.workspaces import idempotency
from services.api.answers import kept_body, replayed
from services.api.door import OAUTH, Door

KEPT_HEADERS = ("content-type", "etag", "location")
ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,17})(?:-[0-9a-f]{16})?"')
LONGEST_KEY = 255


class KeyReused(Unprocessable):
    """An ``Idempotency-Key`` stands for one request; this one came with another."""

    title = "This Idempotency-Key was used for another request"
    title_zh = "该幂等键已用于另一个请求"


class StillRunning(Conflict):
    """The first request with this ``Idempotency-Key`` has not ended yet."""

    title = "The first request with this Idempotency-Key is still running"
    title_zh = "使用该幂等键的首个请求仍在处理中"


class Replay(Exception):
    """Not a failure: the request was answered before, and this is the answer."""

    def __init__(self, response: Response) -> None:
        """Carry the answer to the route."""
        super().__init__()
        self.response = response


class Change:
    """The transaction of one request, open until its response is made."""

    def __init__(self, opened: AbstractAsyncContextManager[Transaction], tx: Transaction) -> None:
        """``opened`` has been entered already."""
        self._opened = opened
        self.tx = tx
        self.keep: tuple[str, bytes] | None = None

    async def settle(self, response: Response) -> None:
        """Commit; a response of success is kept under its ``Idempotency-Key`` in the same commit."""
        try:
            if self.keep is not None and response.status_code < 300:
                key, fingerprint = self.keep
                headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
                kept = idempotency.Kept(fingerprint, response.status_code, headers, kept_body(response))
                await idempotency.keep(self.tx, key, kept)
        except BaseException as error:
            await self.undo(error)
            raise
        await self._opened.__aexit__(None, None, None)

    async def undo(self, error: BaseException) -> None:
        """Roll back, because of this."""
        try:
            await self._opened.__aexit__(type(error), error, error.__traceback__)
        except BaseException as raised:
            if raised is not error:
                raise


def change_of(request: Request) -> Change | None:
    """The open transaction of a request, if it has one."""
    change: Change | None = request.scope.get("rapport.change")
    return change


class Asks(SecurityBase):
    """A dependency that is its own security scheme, so that scopes show in OpenAPI without a second dependency."""

    def __init__(self) -> None:
        """Shows as the one OAuth 2 scheme."""
        self.model = OAUTH.model
        self.scheme_name = OAUTH.scheme_name

    async def __call__(self, request: Request, scopes: SecurityScopes) -> Access:
        """As FastAPI calls it."""
        return await self.admit(request, scopes.scopes)

    async def admit(self, request: Request, scopes: list[str]) -> Access:
        """Whoever asks, if they have the scopes, with the database in reach."""
        raise NotImplementedError


class _Reading(Asks):
    async def admit(self, request: Request, scopes: list[str]) -> Access:
        door: Door = request.app.state.door
        return door.database.reading(await door.admit(request, scopes))


class _Disclosing(Asks):
    """Reads that are written down: a fact of its own, by itself, so that no answer leaves without it."""

    async def admit(self, request: Request, scopes: list[str]) -> Access:
        door: Door = request.app.state.door
        return door.database.writing(await door.admit(request, scopes))


class _Writing(Asks):
    def __init__(self, *, transaction: bool) -> None:
        super().__init__()
        self._transaction = transaction

    async def admit(self, request: Request, scopes: list[str]) -> Access:
        door: Door = request.app.state.door
        actor = await door.admit(request, scopes)
        if_match = _if_match(request)
        key = request.headers.get("idempotency-key")
        if key is None and not self._transaction:
            return door.database.writing(actor, if_match)
        fingerprint = b"" if key is None else await _fingerprint(request, key)
        opened = door.database.transaction(actor, if_match)
        change = Change(opened, await opened.__aenter__())
        request.scope["rapport.change"] = change
        if key is not None:
            if earlier := await _answered(change.tx, key, fingerprint):
                await change.undo(earlier)
                del request.scope["rapport.change"]
                raise earlier
            change.keep = (key, fingerprint)
        return change.tx


async def _answered(tx: Transaction, key: str, fingerprint: bytes) -> Replay | Problem | None:
    """What was answered to this key before, or why it cannot be answered; None for a new key, which is now ours."""
    if not await idempotency.lock(tx, key):
        return StillRunning(headers={"Retry-After": "1"})
    kept = await idempotency.find(tx, key)
    if kept is None:
        return None
    if kept.fingerprint != fingerprint:
        return KeyReused(errors=(FieldError("header:idempotency-key", "Used for another request.", "key_reused"),))
    return Replay(replayed(kept.status, kept.headers, kept.body))


async def _fingerprint(request: Request, key: str) -> bytes:
    if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
        wrong = f"1 to {LONGEST_KEY} printable ASCII characters."
        raise Unprocessable(errors=(FieldError("header:idempotency-key", wrong, "invalid"),))
    whole = b"\0".join([request.method.encode(), request.url.path.encode(), await _sent(request)])
    # A body may hold a password: without the key, nobody who reads the table can try passwords against it.
    return hmac.digest(request.app.state.fingerprint_key, whole, "sha256")


async def _sent(request: Request) -> bytes:
    """What was sent. A form with files has been read by now, and its boundary differs each time it is sent."""
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return await request.body()
    digest = hashlib.sha256()
    for name, value in (await request.form()).multi_items():
        content = value.encode() if isinstance(value, str) else await value.read()
        if not isinstance(value, str):
            await value.seek(0)
        digest.update(b"%d:%b%d:%b" % (len(name), name.encode(), len(content), content))
    return digest.digest()


def _if_match(request: Request) -> int | None:
    sent = request.headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return None
    found = ETAG.fullmatch(sent.strip())
    if found is None:
        wrong = 'A version as an ETag gives it, such as "7".'
        raise Unprocessable(errors=(FieldError("header:if-match", wrong, "invalid"),))
    return int(found[1])


READING, WRITING, CHANGING = _Reading(), _Writing(transaction=False), _Writing(transaction=True)
DISCLOSING = _Disclosing()


def reads(*nouns: str) -> Any:
    """Someone who may read this noun, or all of these."""
    return Security(READING, scopes=[f"{noun}:read" for noun in nouns])


def discloses(*nouns: str) -> Any:
    """Someone who may read all of these, where it is written down that they do."""
    return Security(DISCLOSING, scopes=[f"{noun}:read" for noun in nouns])


def writes(*nouns: str) -> Any:
    """Someone who may write this noun, or all of these, one statement at a time."""
    return Security(WRITING, scopes=[f"{noun}:write" for noun in nouns])


def changes(noun: str) -> Any:
    """Someone who may write this noun, in a transaction that is committed before the answer leaves."""
    return Security(CHANGING, scopes=[f"{noun}:write"])


async def _sealer(request: Request) -> Sealer:
    found: Sealer = request.app.state.sealer
    return found


Seals = Annotated[Sealer, Depends(_sealer)]
CustomerReads = Annotated[Access, reads("customers")]
CustomerWrites = Annotated[Access, writes("customers")]
