"""Filling the large house (``house``): people, customers with their tokens, and the facts of a year."""

import json
import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from benchmarks.names import CITIES, name
from crm.customers.queries import FINDING
from crm.finding import in_a_row
from crm.search import normalized

WORKSPACES = 100
SELLERS = 200
MONTHS = 12
BUSY = 20
WITH_FACTS = 100_000
BATCH = 25_000
COLUMNS = (
    "workspace_id", "id", "kind", "name", "name_key", "industry", "region", "size", "class", "source", "owner_id",
    "team_id", "phone", "email", "address", "custom", "last_contact_at", "warmth_band", "created_at",
)  # fmt: skip
TOKENS = ("workspace_id", "token", "customer_id", "field")
HELD = ("workspace_id", "customer_id", "field", "tokens")
BANDS = ((15, "hot"), (60, "warm"), (119, "cooling"), (10_000, "cold"))
INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
WHERE indrelid = $1::regclass AND NOT indisprimary
"""
# Each small workspace has its part of the large one's customers, under ids of its own.
COPIES = """
CREATE TEMP TABLE copies AS
SELECT h.workspace_id AS home, h.owner, h.team, c.id AS old_id, uuidv7(c.created_at - now()) AS new_id
FROM (SELECT *, row_number() OVER () AS part FROM homes) AS h
JOIN (SELECT id, created_at, row_number() OVER (ORDER BY id) AS number FROM customers WHERE workspace_id = $1) AS c
ON h.part = 1 + c.number * (SELECT count(*) FROM homes) / (SELECT count(*) + 1 FROM customers WHERE workspace_id = $1)
"""
COPIED_CUSTOMERS = """
INSERT INTO customers (workspace_id, id, owner_id, team_id, {same})
SELECT m.home, m.new_id, m.owner, m.team, {same} FROM copies AS m JOIN customers AS c ON c.id = m.old_id
WHERE c.workspace_id = $1
"""
COPIED_TOKENS = """
INSERT INTO customer_tokens (workspace_id, token, customer_id, field)
SELECT m.home, t.token, m.new_id, t.field FROM customer_tokens AS t JOIN copies AS m ON m.old_id = t.customer_id
"""
COPIED_HELD = """
INSERT INTO customer_found_by (workspace_id, customer_id, field, tokens)
SELECT m.home, m.new_id, h.field, h.tokens FROM customer_found_by AS h JOIN copies AS m ON m.old_id = h.customer_id
"""
PARTITION = """
CREATE TABLE IF NOT EXISTS {name} PARTITION OF events FOR VALUES FROM ('{lower}') TO ('{upper}');
ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {name} FORCE ROW LEVEL SECURITY;
"""
# What the triggers would have done.
CUSTOM_VALUES = """
INSERT INTO custom_values (workspace_id, noun, key, value, record_id)
SELECT c.workspace_id, 'customer', has.key, custom_value(has.value), c.id
FROM customers AS c, jsonb_each(c.custom) AS has ORDER BY 1, 2, 3, 4, 5
"""
# Oldest first, as they come in. Every fiftieth fact is of one of the twenty busy customers.
FACTS = """
INSERT INTO events (workspace_id, id, type, subject_type, subject_id, sequence, customer_id, actor_kind, actor_id,
                    occurred_at, payload, changes, published_at)
SELECT $1, made, kind, split_part(kind, '.', 1), made, 3, customer, 'user', actor, at,
       json_build_object(
         'id', made, 'customer_id', customer,
         'customer', json_build_object('id', customer, 'name', 'Customer 重庆长安'),
         'owner', json_build_object('id', actor, 'name', 'User 7'), 'purpose', 'care', 'channel', 'call',
         'outcome', 'reached', 'planned_start', at, 'due_at', at, 'title', 'Send the offer',
         'assignee', json_build_object('id', actor, 'name', 'User 7'),
         'note', repeat('What was said, in a few words. ', 8), 'tags', '["benchmark"]'::json, 'created_at', at,
         'version', 3),
       CASE WHEN kind NOT LIKE '%created' THEN
         jsonb_build_object('note', jsonb_build_array(NULL, repeat('x', 40)),
                            'state', '["planned", "completed"]'::jsonb) END, at
FROM (
  SELECT n, now() - make_interval(secs => ($5::bigint - n) * $6::float8) AS at,
         uuidv7(make_interval(secs => (n - $5::bigint) * $6::float8)) AS made,
         (ARRAY['visit.planned', 'visit.completed', 'interaction.logged', 'task.created', 'task.completed',
                'customer.updated', 'contact.created', 'customer.contacted'])[1 + n % 8] AS kind,
         CASE WHEN n % 50 = 0 THEN ($2::uuid[])[1 + floor(random() * cardinality($2))::int]
              ELSE ($3::uuid[])[1 + floor(random() * cardinality($3))::int] END AS customer,
         ($4::uuid[])[1 + floor(random() * cardinality($4))::int] AS actor
  FROM generate_series($7::bigint, $8::bigint) AS n) AS made
"""


async def fill(url: str, customers: int, facts: int) -> dict[str, Any]:
    """All workspaces; gives what ``House`` says of them."""
    began = time.monotonic()
    owner = await asyncpg.connect(url)
    await owner.execute("SET session_replication_role = replica")
    home, sellers, team = await _people(owner)
    apart = {table: await owner.fetch(INDEXES, table) for table in ("customers", "customer_tokens")}
    # Kept apart while the rows come in, made once at the end: a quarter of the time.
    for indexes in apart.values():
        for index in indexes:
            await owner.execute(f"DROP INDEX {index['name']}")
    await owner.execute("ALTER TABLE customer_tokens DROP CONSTRAINT pk_customer_tokens")
    rows = _customers(random.Random(7), home, sellers, team, customers // 2)
    batch: list[dict[str, Any]] = []
    for row in rows:
        batch.append(row)
        if len(batch) == BATCH:
            await _land(owner, batch)
            batch = []
    await _land(owner, batch)
    _say(began, "the large workspace")
    same = ", ".join(c for c in COLUMNS if c not in {"workspace_id", "id", "owner_id", "team_id"})
    await owner.execute(COPIES, home)
    await owner.execute("ANALYZE copies")
    await owner.execute(COPIED_CUSTOMERS.format(same=same), home)
    await owner.execute(COPIED_TOKENS)
    await owner.execute(COPIED_HELD)
    _say(began, "the others")
    await owner.execute(
        "ALTER TABLE customer_tokens ADD CONSTRAINT pk_customer_tokens "
        "PRIMARY KEY (workspace_id, token, customer_id, field)"
    )
    for indexes in apart.values():
        for index in indexes:
            await owner.execute(index["made"])
    _say(began, "indexes")
    await _facts(owner, home, sellers, facts)
    _say(began, "facts")
    await owner.execute("RESET session_replication_role")
    await owner.execute(CUSTOM_VALUES)
    _say(began, "values of custom fields")
    await owner.execute("CHECKPOINT")
    tokens = await owner.fetchval("SELECT count(*) FROM customer_tokens")
    await owner.close()
    return {
        "home": home, "sellers": sellers, "team": team, "customers": customers, "tokens": tokens, "facts": facts,
        "seconds": round(time.monotonic() - began),
    }  # fmt: skip


def _say(began: float, what: str) -> None:
    print(f"{time.monotonic() - began:.0f} s: {what}", flush=True)


async def _people(owner: asyncpg.Connection) -> tuple[UUID, list[UUID], UUID]:
    """A hundred workspaces with a team and a seller each; gives the large one, its sellers and its team."""
    found = []
    await owner.execute("CREATE TEMP TABLE homes (workspace_id uuid, owner uuid, team uuid)")
    for number in range(WORKSPACES):
        home = await owner.fetchval("INSERT INTO workspaces (name) VALUES ('Large') RETURNING workspace_id")
        team = await owner.fetchval("INSERT INTO teams (workspace_id, name) VALUES ($1, 'Sales') RETURNING id", home)
        people = await owner.fetch(
            "INSERT INTO users (workspace_id, email, email_key, name, role, team_id) "
            "SELECT $1, m, m, 'Seller ' || n, 'sales', $2 FROM generate_series(1, $3::int) AS n, "
            "LATERAL (SELECT 's' || n || '@example.com') AS t (m) RETURNING id",
            home, team, 1 if number else SELLERS,
        )  # fmt: skip
        found.append((home, [person["id"] for person in people], team))
        if number:
            await owner.execute("INSERT INTO homes VALUES ($1, $2, $3)", home, people[0]["id"], team)
    home, sellers, team = found[0]
    for key, kind in (("price_list", "text"), ("contract", "text"), ("discount", "number"), ("since", "date")):
        await owner.execute(
            "INSERT INTO custom_fields (workspace_id, noun, key, label, type) VALUES ($1, 'customer', $2, $2, $3)",
            home, key, kind,
        )  # fmt: skip
    return home, sellers, team


def _customers(
    chance: random.Random, home: UUID, sellers: list[UUID], team: UUID, many: int
) -> Iterator[dict[str, Any]]:
    """Customers, newest last. The first seller has few, the last many, as it is in life."""
    now = datetime.now(UTC)
    for number in range(many):
        kind, called = name(chance)
        days = None if chance.random() < 0.2 else int(chance.expovariate(1 / 60))
        created = now - timedelta(seconds=(many - number) * 60)
        custom: dict[str, Any] = {"price_list": chance.choice("ABCDE"), "discount": chance.randrange(40)}
        if number % 10 == 0:
            custom |= {"contract": f"C-{number:07}", "since": str(created.date())}
        made = int(created.timestamp() * 1000) << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0b10 << 62
        yield {
            "workspace_id": home,
            "id": UUID(int=made | chance.getrandbits(62)),
            "kind": kind,
            "name": called,
            "name_key": normalized(called),
            "industry": chance.choice(("software", "retail", "medical", "finance", "telecom")),
            "region": chance.choice(("North", "East", "South", "West")),
            "size": chance.choice(("small", "medium", "large")),
            "class": chance.choice(("key", "potential", "ordinary", "ordinary")),
            "source": "import",
            "owner_id": sellers[int(len(sellers) * chance.random() ** 0.5)],
            "team_id": team,
            "phone": f"+861{chance.randrange(3 * 10**9, 10**10)}" if chance.random() < 0.7 else None,
            "email": f"m{number}@example.com" if chance.random() < 0.5 else "info@example.com",
            "address": json.dumps({"city": chance.choice(CITIES), "country": "CN"}),
            "custom": json.dumps(custom),
            "last_contact_at": None if days is None else now - timedelta(days=days, seconds=number % 86400),
            "warmth_band": "never" if days is None else next(band for most, band in BANDS if days <= most),
            "created_at": created,
        }


async def _land(owner: asyncpg.Connection, batch: list[dict[str, Any]]) -> None:
    records = [tuple(row[column] for column in COLUMNS) for row in batch]
    await owner.copy_records_to_table("customers", records=records, columns=COLUMNS)
    left = [
        (row["workspace_id"], row["id"], field, tuple(leaves(row[field])))
        for row in batch
        for field, leaves in FINDING.fields.items()
        if row.get(field)
    ]
    tokens = ((home, token, customer, field) for home, customer, field, tokens in left for token in tokens)
    await owner.copy_records_to_table("customer_tokens", records=tokens, columns=TOKENS)
    held = ((home, customer, field, in_a_row(tokens)) for home, customer, field, tokens in left)
    await owner.copy_records_to_table("customer_found_by", records=held, columns=HELD)


async def _facts(owner: asyncpg.Connection, home: UUID, sellers: list[UUID], many: int) -> None:
    """So many facts of the newest customers of the large workspace, over twelve months; twenty have thousands."""
    upper = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _ in range(MONTHS):
        lower = (upper - timedelta(days=1)).replace(day=1)
        part = f"events_{lower:%Y_%m}"
        await owner.execute(PARTITION.format(name=part, lower=_first_id(lower), upper=_first_id(upper)))
        upper = lower
    rows = await owner.fetch(
        "SELECT id FROM customers WHERE workspace_id = $1 ORDER BY id DESC LIMIT $2", home, WITH_FACTS
    )
    touched = [row["id"] for row in rows]
    apart = (datetime.now(UTC) - upper).total_seconds() / many
    step = 500_000
    for first in range(1, many + 1, step):
        last = min(many, first + step - 1)
        await owner.execute(FACTS, home, touched[:BUSY], touched[BUSY:], sellers, many, apart, first, last)


def _first_id(moment: datetime) -> UUID:
    """The least UUIDv7 of a moment."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)
