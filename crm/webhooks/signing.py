"""Standard Webhooks 1.0.0: signing what we send, and checking what claims to come from someone we know.

The library signs. Reading a stranger's headers is done here, because its ``verify`` answers hostile ones with errors
of other kinds, takes several spellings of one timestamp and signature, and cannot be asked about another moment.
"""

import base64
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from crm.errors import Unauthenticated

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"
TOLERANCE = timedelta(minutes=5)

_SECRET_BYTES = 32
_SECRET_SHAPE = re.compile(r"(?:whsec_)?([A-Za-z0-9+/]{22,88}={0,2})")
# A dot would let one signed text be read as another id, moment or body.
_ID_SHAPE = re.compile(r"[!-\-/-~]{1,255}")
_TIMESTAMP_SHAPE = re.compile(r"[1-9][0-9]{0,10}")
_SIGNATURES_SHAPE = re.compile(r"[a-z0-9]+,[A-Za-z0-9+/=_-]+(?: [a-z0-9]+,[A-Za-z0-9+/=_-]+)*")
_LONGEST_SIGNATURES = 4096


class SignatureInvalid(Unauthenticated):
    """The message is not proven to come from whom it says, or not from now. Why is not told."""

    title = "The signature is not valid"
    title_zh = "签名无效"


def new_secret() -> str:
    """A secret for one endpoint: ``whsec_`` and 32 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def headers(secrets_alive: Sequence[str], delivery_id: str, sent_at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of one attempt, with one signature per live secret (several while one is being replaced).

    ``delivery_id`` stays the same over all attempts; ``sent_at`` is the moment of this one and knows its zone. The body
    is UTF-8 JSON. Raises ``ValueError`` when there is no secret or one of the arguments cannot be signed.
    """
    if not secrets_alive:
        raise ValueError("a delivery needs at least one secret")
    if not _ID_SHAPE.fullmatch(delivery_id):
        raise ValueError("a delivery id is printable ASCII without dots and spaces")
    if sent_at.tzinfo is None:
        raise ValueError("the moment of sending needs a time zone")
    # The library takes whatever clock reading it is given for UTC.
    moment = sent_at.astimezone(UTC)
    text = body.decode()
    return {
        ID_HEADER: delivery_id,
        TIMESTAMP_HEADER: str(int(moment.timestamp())),
        SIGNATURE_HEADER: " ".join(_webhook(secret).sign(delivery_id, moment, text) for secret in secrets_alive),
    }


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: datetime | None = None) -> None:
    """Return when the body was signed with this secret within five minutes of now; else raise ``SignatureInvalid``.

    Nothing in headers or body causes another error. A malformed ``secret``, which is ours, is a ``ValueError``.
    """
    key = _key(secret)
    found = {name.lower(): value for name, value in headers.items()}
    delivery_id = found.get(ID_HEADER, "")
    timestamp = found.get(TIMESTAMP_HEADER, "")
    signatures = found.get(SIGNATURE_HEADER, "")
    if not (
        _ID_SHAPE.fullmatch(delivery_id)
        and _TIMESTAMP_SHAPE.fullmatch(timestamp)
        and len(signatures) <= _LONGEST_SIGNATURES
        and _SIGNATURES_SHAPE.fullmatch(signatures)
    ):
        raise SignatureInvalid
    moment = datetime.fromtimestamp(int(timestamp), UTC)
    if abs(moment - (now or datetime.now(UTC))) > TOLERANCE:
        raise SignatureInvalid
    # Over the bytes as they came: the library signs text alone, and a mail need not be any in UTF-8.
    signed = b"%b.%b.%b" % (delivery_id.encode(), timestamp.encode(), body)
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, "sha256"))
    if not any(hmac.compare_digest(expected, given.encode()) for given in signatures.split(" ")):
        raise SignatureInvalid


def _webhook(secret: str) -> Webhook:
    return Webhook(_shaped(secret))


def _key(secret: str) -> bytes:
    return base64.b64decode(_shaped(secret))


def _shaped(secret: str) -> str:
    match = _SECRET_SHAPE.fullmatch(secret)
    if match is None:
        raise ValueError("not a webhook secret")
    return match[1]
