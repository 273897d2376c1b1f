"""How the worker speaks to its queue: JSON, in a queue of its own name, and never for long."""

from typing import Any

import orjson
from arq.connections import ArqRedis
from redis.asyncio import BlockingConnectionPool

QUEUE = "rapport:queue"


def to_json(message: dict[str, Any]) -> bytes:
    """A message as JSON: what cannot be said in it is said as text."""
    return orjson.dumps(message, default=str)


def open_queue(url: str) -> ArqRedis:
    """A client that gives up soon: whoever cannot reach the queue goes on without it. Connects with its first use."""
    pool = BlockingConnectionPool.from_url(
        url, max_connections=30, timeout=2, socket_connect_timeout=2, socket_timeout=5, socket_keepalive=True
    )
    return ArqRedis(
        pool, job_serializer=to_json, job_deserializer=orjson.loads, default_queue_name=QUEUE, expires_extra_ms=60_000
    )
