"""A webhook of one's own: the notifications as data, signed as Standard Webhooks says."""

from datetime import UTC, datetime
from typing import Any

import orjson

from crm.channels.letters import Item
from crm.channels.rules import Verdict
from crm.channels.settling import Report
from crm.webhooks.rules import Verdict as Delivered
from crm.webhooks.rules import judge
from crm.webhooks.signing import headers
from services.worker.channels.parcels import Means, Parcel

VERDICTS = {
    Delivered.DELIVERED: Verdict.SENT,
    Delivered.GONE: Verdict.GONE,
    Delivered.RETRY: Verdict.RETRY,
}


async def webhook(means: Means, parcel: Parcel) -> Report:
    """POST ``{"type": "notifications", "timestamp": …, "data": …}``; 2xx has arrived, 410 turns the channel off."""
    sent, now = parcel.draft, datetime.now(UTC)
    whole = {
        "type": sent.occasion,
        "timestamp": now,
        "data": {
            "message_id": sent.message_id,
            "channel_id": sent.lease.channel_id,
            "notifications": [_shown(item) for item in parcel.items],
        },
    }
    body = orjson.dumps(whole, default=str, option=orjson.OPT_UTC_Z)
    signed = headers([parcel.secrets["secret"]], str(sent.message_id), now, body)
    reply = await means.outbound.post(parcel.secrets["url"], {**signed, "content-type": "application/json"}, body)
    return Report(VERDICTS[judge(reply.status)], reply.status, error=reply.error, retry_after=reply.retry_after)


def _shown(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "user_id": item.user_id,
        "kind": item.kind,
        "title": item.title,
        "subject": {"type": item.subject_type, "id": item.subject_id},
        "customer_id": item.customer_id,
        "created_at": item.created_at,
    }
