"""The bare yardstick: one ASGI function, raw asyncpg, hand-written SQL, JSON from Postgres. No rights, no rules.

It gives the same answers as the product, from the same tables, and its writes are one transaction that writes the row
and its fact. What the product costs beyond it is what the product does beyond it.
"""

import json
import os
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import asyncpg

DAYS = """
SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date - (c.last_contact_at AT TIME ZONE 'Asia/Shanghai')::date AS d OFFSET 0
"""
BAND = """
CASE WHEN d IS NULL THEN 'never' WHEN d <= 15 THEN 'hot' WHEN d <= 60 THEN 'warm' WHEN d < 120 THEN 'cooling'
     ELSE 'cold' END
"""
SCORE = """
CASE WHEN d IS NULL THEN 0 WHEN d <= 15 THEN 100 WHEN d <= 60 THEN (200 * 45 - 80 * (d - 15) + 45) / 90
     WHEN d < 120 THEN (120 * 60 - 80 * (d - 60) + 60) / 120 WHEN d < 240 THEN (40 * 120 - 40 * (d - 120) + 120) / 240
     ELSE 0 END
"""
LOSS = """
CASE WHEN c.lost_cause IS NOT NULL THEN json_build_object(
  'cause', c.lost_cause,
  'kind', CASE WHEN c.lost_cause IN ('competitor', 'pushed_unintended') THEN 'voluntary'
               WHEN c.lost_cause = 'pushed_intended' THEN 'involuntary' ELSE 'natural' END,
  'is_voluntary', CASE WHEN c.lost_cause IN ('competitor', 'pushed_unintended') THEN true
                       WHEN c.lost_cause = 'pushed_intended' THEN false END,
  'evidence', c.lost_evidence, 'lost_at', c.lost_at) END
"""


def completeness(weights: dict[str, int]) -> str:
    """How complete a file is, of the fields that weigh so much."""
    whole = sum(weights.values())
    value = {name: f"c.{name}" for name in weights} | {
        "address": "coalesce(c.address ->> 'line', c.address ->> 'city')"
    }
    filled = " + ".join(f"CASE WHEN {value[name]} IS NULL THEN 0 ELSE {weight} END" for name, weight in weights.items())
    named = ", ".join(f"CASE WHEN {value[name]} IS NULL THEN '{name}' END" for name in weights)
    score = f"(200 * ({filled}) + {whole}) / {2 * whole}"
    return f"json_build_object('score', {score}, 'missing', array_remove(ARRAY[{named}], NULL))"


COMPLETENESS = f"""
CASE WHEN c.kind = 'company' THEN {
    completeness(
        {
            "registration_code": 3,
            "phone": 3,
            "address": 2,
            "email": 2,
            "industry": 2,
            "owner_id": 2,
            "region": 2,
            "purchasing_power": 1,
            "size": 1,
            "source": 1,
            "type": 1,
            "website": 1,
        }
    )
} ELSE {
    completeness(
        {
            "phone": 3,
            "address": 2,
            "email": 2,
            "owner_id": 2,
            "region": 2,
            "purchasing_power": 1,
            "source": 1,
            "type": 1,
        }
    )
} END
"""
SHOWN = f"""
SELECT c.id, c.kind, c.name, c.registration_code, c.type, c.intermediate_kind, c.industry, c.region, c.size,
       c.purchasing_power, c.class, c.key_kind, c.lifecycle, c.lifecycle_reason, {LOSS} AS loss,
       c.relationship_stage, c.stage_reason, c.stage_evidence,
       CASE WHEN c.trust_rated_at IS NOT NULL THEN
         json_build_object('score', c.trust_score, 'index', c.trust_index, 'rated_at', c.trust_rated_at) END AS trust,
       CASE WHEN c.yearly_value IS NOT NULL THEN
         json_build_object('amount', c.yearly_value::text, 'currency', c.yearly_value_currency) END AS yearly_value,
       c.influence, c.owner_id,
       CASE WHEN o.id IS NOT NULL THEN json_build_object('id', o.id, 'name', o.name) END AS owner,
       c.team_id, c.parent_id,
       CASE WHEN p.id IS NOT NULL THEN json_build_object('id', p.id, 'name', p.name) END AS parent,
       c.source, c.phone, c.email, c.website, c.address, c.tags, c.custom, c.note, c.do_not_contact,
       (SELECT json_build_object('band', {BAND}, 'score', {SCORE}, 'days', d, 'last_contact_at', c.last_contact_at)
        FROM ({DAYS}) AS age) AS warmth,
       c.next_contact_due_on, {COMPLETENESS} AS completeness, c.verified_on,
       coalesce(c.verified_on, (c.created_at AT TIME ZONE 'Asia/Shanghai')::date)
         < ((now() AT TIME ZONE 'Asia/Shanghai')::date - make_interval(0, 12))::date AS verification_stale,
       c.archived_at, c.erased_at, c.erased_because, c.merged_into_id, c.created_at, c.updated_at, c.version
"""
JOINED = """
LEFT JOIN users AS o ON o.workspace_id = c.workspace_id AND o.id = c.owner_id
LEFT JOIN customers AS p ON p.workspace_id = c.workspace_id AND p.id = c.parent_id
"""
GET = f"SELECT row_to_json(x)::text FROM ({SHOWN} FROM customers c {JOINED} WHERE c.workspace_id = $1 AND c.id = $2) x"
PAGE = f"""
SELECT row_to_json(x)::text FROM ({SHOWN} FROM (
  SELECT * FROM customers WHERE workspace_id = $1 AND archived_at IS NULL {{where}}
  ORDER BY created_at DESC, id DESC LIMIT 51) c {JOINED}) x
"""
LIST = PAGE.format(where="")
FILTERED = PAGE.format(where="AND owner_id = ANY($2) AND region = ANY($3)")
AFTER = PAGE.format(where="AND (created_at, id) < ($2, $3)")
CREATE = """
INSERT INTO customers (workspace_id, kind, name, name_key, industry, region, phone, owner_id, team_id,
                       next_contact_due_on)
VALUES ($1, 'company', $2, lower($2), $3, $4, $5, $6, (SELECT team_id FROM users WHERE workspace_id = $1 AND id = $6),
        current_date + 90) RETURNING id
"""
TOKENS = """
INSERT INTO customer_tokens (workspace_id, token, customer_id, field)
SELECT $1::uuid, unnest($2::text[]), $3::uuid, 'name' UNION ALL SELECT $1, unnest($4::text[]), $3, 'phone'
"""
UPDATE = """
UPDATE customers SET region = $3, version = version + 1, updated_at = now() WHERE workspace_id = $1 AND id = $2
"""
FACT = """
INSERT INTO events (workspace_id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id,
                    payload, changes)
VALUES ($1, $2, 'customer', $3, 1, $3, 'user', $4, $5, $6)
"""


def found_by(sent: dict[str, Any], made: UUID) -> tuple[list[str], UUID, list[str]]:
    """The tokens that the product leaves of such a customer: by each word, by the whole name and by the phone."""
    first, second = sent["name"].lower().split()
    phone = sent["phone"]
    return [first + second, second, f"={first}{second}"], made, [f"+{phone[3:]}", f"-{phone[:0:-1]}"]


HOME = UUID(os.environ["BENCH_WORKSPACE"])
pool: asyncpg.Pool


async def _keep(_connection: Any) -> None:
    """Instead of the pool's reset query."""


async def _prepare(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("json", schema="pg_catalog", encoder=str, decoder=str)


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """All of it."""
    global pool  # noqa: PLW0603  one function, one pool: the least there can be
    if scope["type"] == "lifespan":
        await receive()
        url = os.environ["BENCH_DATABASE_URL"]
        settings = {"timezone": "UTC", "jit": "off"}
        pool = await asyncpg.create_pool(
            url, min_size=10, max_size=10, reset=_keep, init=_prepare, server_settings=settings
        )
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await pool.close()
        await send({"type": "lifespan.shutdown.complete"})
        return
    status, body = await answer(scope, receive)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def answer(scope: dict[str, Any], receive: Any) -> tuple[int, bytes]:
    """By method and path."""
    path: str = scope["path"]
    if scope["method"] == "GET":
        if len(path) > 13:
            return 200, (await pool.fetchval(GET, HOME, UUID(path[14:]))).encode()
        query = parse_qs(scope["query_string"].decode())
        if "region" in query:
            rows = await pool.fetch(FILTERED, HOME, [UUID(one) for one in query["owner_id"]], query["region"])
        else:
            rows = await pool.fetch(LIST, HOME)
        shown = ",".join([row[0] for row in rows[:50]])
        return 200, ('{"data":[' + shown + '],"next_cursor":null}').encode()
    sent = json.loads((await receive())["body"])
    async with pool.acquire() as connection, connection.transaction():
        if scope["method"] == "POST":
            owner = UUID(sent["owner_id"])
            made = await connection.fetchval(
                CREATE, HOME, sent["name"], sent["industry"], sent["region"], sent["phone"], owner
            )
            await connection.execute(TOKENS, HOME, *found_by(sent, made))
            body = await connection.fetchval(GET, HOME, made)
            await connection.execute(FACT, HOME, "customer.created", made, owner, body, None)
            return 201, body.encode()
        changed = UUID(path[14:])
        await connection.execute(UPDATE, HOME, changed, sent["region"])
        body = await connection.fetchval(GET, HOME, changed)
        changes = json.dumps({"region": [None, sent["region"]]})
        await connection.execute(FACT, HOME, "customer.updated", changed, changed, body, changes)
        return 200, body.encode()
