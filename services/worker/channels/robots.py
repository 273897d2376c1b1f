"""Group robots of WeCom, DingTalk and Feishu.

They answer 200 with a code of their own, so what came back is read, not only counted. Messages are plain text: there
nobody's markup works, and what a platform reads as a mention all the same is taken out. Limits and signatures are those
of ``domain.md`` B13.
"""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any
from urllib.parse import quote_plus

import orjson

from crm.channels.rules import Verdict
from crm.channels.settling import Report
from crm.channels.telling import fitting
from services.worker.channels.parcels import Means, Parcel
from services.worker.outbound import Reply

WECOM_BYTES = 2_048
DINGTALK_BYTES = 6_000
FEISHU_BYTES = 12_000

Codes = Mapping[int, Verdict]

WECOM: Codes = MappingProxyType(
    {
        -1: Verdict.RETRY,  # busy
        45009: Verdict.RETRY,  # more than 20 a minute
        45033: Verdict.RETRY,  # too many at once
        93000: Verdict.GONE,  # no such robot: the key is wrong, or the robot was removed
        93004: Verdict.GONE,  # the robot was turned off
        93008: Verdict.GONE,  # the robot is not in the group
        40058: Verdict.REFUSED,  # not a message it takes
        45002: Verdict.REFUSED,  # too long
    }
)
DINGTALK: Codes = MappingProxyType(
    {
        -1: Verdict.RETRY,  # busy
        130101: Verdict.RETRY,  # more than 20 a minute: shut out for ten
        410100: Verdict.RETRY,  # too fast
        300001: Verdict.GONE,  # no such robot
        300005: Verdict.GONE,  # no such robot
        400101: Verdict.GONE,  # no such token
        400102: Verdict.GONE,  # turned off
        310000: Verdict.REFUSED,  # signature, keyword or address of origin: its settings and ours differ
        430104: Verdict.REFUSED,  # not fit to be said
    }
)
FEISHU: Codes = MappingProxyType(
    {
        11232: Verdict.RETRY,  # too many, or at a full or half hour
        11233: Verdict.RETRY,  # too many in this group
        9499: Verdict.RETRY,  # too many requests
        19001: Verdict.GONE,  # no such robot
        19007: Verdict.GONE,  # turned off
        19021: Verdict.REFUSED,  # the signature or its time is wrong
        19022: Verdict.REFUSED,  # our address is not on its list
        19024: Verdict.REFUSED,  # its keyword is not in the text
        19002: Verdict.REFUSED,  # not a message it takes
    }
)
SHUT_OUT: Mapping[tuple[str, int], timedelta] = MappingProxyType({("dingtalk", 130101): timedelta(minutes=10)})


async def wecom(means: Means, parcel: Parcel) -> Report:
    """A text of at most 2,048 bytes; the key in the address is all that it asks for."""
    body = {"msgtype": "text", "text": {"content": fitting(parcel.told, WECOM_BYTES)}}
    return _judged("wecom", WECOM, "errcode", await _post(means, parcel.secrets["url"], body))


async def dingtalk(means: Means, parcel: Parcel) -> Report:
    """A text, signed in the address where the robot asks for it: HMAC-SHA256 of time and secret under the secret."""
    url = parcel.secrets["url"]
    if secret := parcel.secrets.get("secret"):
        url += dingtalk_signature(secret, time.time_ns() // 1_000_000)
    # "@" would be read as a mention of a colleague's number.
    body = {"msgtype": "text", "text": {"content": fitting(parcel.told, DINGTALK_BYTES).replace("@", "＠")}}
    return _judged("dingtalk", DINGTALK, "errcode", await _post(means, url, body))


async def feishu(means: Means, parcel: Parcel) -> Report:
    """A text, signed in the body where the robot asks for it: HMAC-SHA256 of nothing under time and secret."""
    # "<at …>" would be read as a mention of everybody.
    text = fitting(parcel.told, FEISHU_BYTES).replace("<", "＜").replace(">", "＞")
    body: dict[str, Any] = {"msg_type": "text", "content": {"text": text}}
    if secret := parcel.secrets.get("secret"):
        moment = int(time.time())
        body |= {"timestamp": str(moment), "sign": feishu_signature(secret, moment)}
    return _judged("feishu", FEISHU, "code", await _post(means, parcel.secrets["url"], body))


def dingtalk_signature(secret: str, moment_ms: int) -> str:
    """What is added to a DingTalk robot's address; the time is in milliseconds."""
    digest = hmac.digest(secret.encode(), f"{moment_ms}\n{secret}".encode(), hashlib.sha256)
    return f"&timestamp={moment_ms}&sign={quote_plus(base64.b64encode(digest))}"


def feishu_signature(secret: str, moment: int) -> str:
    """What a Feishu robot's message is signed with; the time is in seconds and may be an hour off."""
    return base64.b64encode(hmac.digest(f"{moment}\n{secret}".encode(), b"", hashlib.sha256)).decode()


async def _post(means: Means, url: str, body: Mapping[str, Any]) -> Reply:
    return await means.outbound.post(url, {"content-type": "application/json; charset=utf-8"}, orjson.dumps(body))


def _judged(kind: str, codes: Codes, member: str, reply: Reply) -> Report:
    code = _code(reply, member)
    if code is None:
        # No answer, or one that is none of the robot's: whether it said it, nobody knows.
        error = reply.error or "AnswerNotUnderstood"
        return Report(Verdict.RETRY, reply.status, error=error, retry_after=reply.retry_after)
    if code == 0:
        return Report(Verdict.SENT, reply.status, str(code))
    verdict = codes.get(code, Verdict.RETRY)
    retry_after = SHUT_OUT.get((kind, code), reply.retry_after)
    return Report(verdict, reply.status, str(code), "RefusedByRobot", retry_after)


def _code(reply: Reply, member: str) -> int | None:
    try:
        told = orjson.loads(reply.body_start)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict):
        return None
    code = told.get(member, told.get("StatusCode"))
    return code if isinstance(code, int) and not isinstance(code, bool) else None
