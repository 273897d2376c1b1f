"""Merging and unmerging is doing nothing: on every table, for any small world of customers."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.customers import merging
from crm.customers.queries import FINDING
from crm.customers.references import references
from crm.customers.schemas import CustomerMerge
from tests.conftest import SECRET_KEY, Stage
from tests.factories import Workspace, found_workspace

EXCEPT = ("events", "customer_merges")
TABLES = """
SELECT c.relname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'workspace_id'
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""
MOMENTS = [None, "2026-11-01T08:00:00.000001+00:00", "2026-11-20T23:59:59+00:00"]


@dataclass
class World:
    """Customers, what hangs on them, and which are merged into which, one after the other."""

    customers: list[dict[str, Any]]
    belongings: list[tuple[str, int, int | None]]
    merges: list[tuple[int, int, dict[str, str]]]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    many = draw(st.integers(2, 5))
    customers = [
        {
            "parent": draw(st.sampled_from([None, *range(number)])) if number else None,
            "name": draw(st.sampled_from(["Acme", "ACME Inc", "长安汽车", "单雄信"])),
            "region": draw(st.sampled_from([None, "West", "East"])),
            "phone": draw(st.sampled_from([None, "+8613812345678", "+862367591949"])),
            "email": draw(st.sampled_from([None, "info@acme.example"])),
            "registration_code": f"CODE{number}" if draw(st.booleans()) else None,
            "tags": draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True)),
            "custom": draw(st.dictionaries(st.sampled_from("xyz"), st.integers(0, 3) | st.floats(0, 1))),
            "do_not_contact": draw(st.booleans()),
            "last_contact_at": draw(st.sampled_from(MOMENTS)),
            "note": draw(st.sampled_from([None, "a note"])),
            "key_kind": draw(st.sampled_from([None, "double"])),
        }
        for number in range(many)
    ]
    kinds = st.sampled_from(["contact", "interaction", "visit", "task", "reminder", "notification"])
    belongings = draw(st.lists(st.tuples(kinds, st.integers(0, many - 1), st.none() | st.integers(0, 3)), max_size=10))
    live, merges = list(range(many)), []
    for _ in range(draw(st.integers(1, many - 1))):
        winner, loser = draw(st.permutations(live))[:2]
        live.remove(loser)
        choose = draw(
            st.dictionaries(
                st.sampled_from(sorted(merging.choosable())), st.sampled_from(["winner", "loser"]), max_size=4
            )
        )
        merges.append((winner, loser, choose))
    return World(customers, belongings, merges)


async def build(owner: asyncpg.Connection, home: Workspace, world: World) -> list[UUID]:
    """The world, in the tables."""
    ids = [uuid4() for _ in world.customers]
    for who, one in zip(ids, world.customers, strict=True):
        row = {
            **one, "workspace_id": home.id, "id": who, "kind": "company", "name_key": one["name"].lower(),
            "parent_id": None if one["parent"] is None else ids[one["parent"]], "owner_id": home.anna.id,
            "class": "ordinary", "lifecycle": "prospect", "relationship_stage": "awareness", "warmth_band": "never",
            "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z", "version": 1,
        }  # fmt: skip
        row.pop("parent")
        await owner.execute(
            "INSERT INTO customers SELECT * FROM jsonb_populate_record(null::customers, $1)",
            json.loads(json.dumps(row, default=str)),
        )
        for field, leaves in FINDING.fields.items():
            if one.get(field):
                await owner.execute(
                    "INSERT INTO customer_tokens SELECT $1, unnest($2::text[]), $3, $4",
                    home.id, list(leaves(one[field])), who, field,
                )  # fmt: skip
    people: dict[int, list[UUID]] = {}
    for kind, at, of in world.belongings:
        here = (home.id, ids[at], uuid4())
        known = people.get(at, [])
        person = known[of] if of is not None and of < len(known) else None
        if kind == "contact":
            await owner.execute(
                "INSERT INTO contacts (workspace_id, customer_id, id, name, name_key) VALUES ($1, $2, $3, 'H', 'h')",
                *here,
            )
            people.setdefault(at, []).append(here[2])
        elif kind == "interaction":
            await owner.execute(
                "INSERT INTO interactions (workspace_id, customer_id, id, contact_id, channel, direction, outcome, "
                "counts_as_contact) VALUES ($1, $2, $3, $4, 'call', 'outbound', 'reached', true)", *here, person,
            )  # fmt: skip
        elif kind == "visit":
            await owner.execute(
                "INSERT INTO visits (workspace_id, customer_id, id, contact_ids, owner_id, purpose, planned_start, "
                "planned_end, overlap_allowed) "
                "VALUES ($1, $2, $3, $4, $5, 'care', now(), now() + interval '1 hour', true)",
                *here, [person] if person else [], home.anna.id,
            )  # fmt: skip
        elif kind == "task":
            subject = ("customer", ids[at]) if of is None else ("visit", uuid4())
            await owner.execute(
                "INSERT INTO tasks (workspace_id, customer_id, id, title, subject_type, subject_id, assignee_id, "
                "due_at) VALUES ($1, $2, $3, 'T', $4, $5, $6, now())", *here, *subject, home.anna.id,
            )  # fmt: skip
        elif kind == "reminder":
            await owner.execute(
                "INSERT INTO reminders (workspace_id, customer_id, id, user_id, subject_type, subject_id, title, "
                "fire_at, dedupe_key) VALUES ($1, $2, $3, $4, 'customer', $2, 'R', now(), uuidv7()::text)",
                *here, home.anna.id,
            )  # fmt: skip
        else:
            await owner.execute(
                "INSERT INTO notifications (workspace_id, id, user_id, kind, title, subject_type, subject_id, "
                "dedupe_key) VALUES ($1, $3, $4, 'reminder', 'N', 'customer', $2, uuidv7()::text)", *here, home.anna.id,
            )  # fmt: skip
    return ids


async def everything(owner: asyncpg.Connection, home: UUID) -> dict[str, list[str]]:
    """All rows of a workspace, without what says that they were touched."""
    found = {}
    for (table,) in await owner.fetch(TABLES):
        if table not in EXCEPT:
            rows = await owner.fetch(f"SELECT to_jsonb(t) - '{{version,updated_at}}'::text[] FROM {table} t "
                                     "WHERE workspace_id = $1", home)  # fmt: skip
            found[table] = sorted(json.dumps(row[0], sort_keys=True) for row in rows)
    return found


async def check(stage: Stage, world: World) -> None:
    owner = stage.owner
    home = await found_workspace(owner, SECRET_KEY)
    ids = await build(owner, home, world)
    worlds = [await everything(owner, home.id)]
    for winner, loser, choose in world.merges:
        async with stage.database.transaction(home.admin.actor) as tx:
            wanted = CustomerMerge.model_validate({"winner_id": ids[winner], "loser_id": ids[loser], "choose": choose})
            await merging.merge(tx, wanted)
        for columns in references().values():
            for table, column in columns:
                left = f"SELECT count(*) FROM {table.name} WHERE {column.name} = $1 AND workspace_id = $2"
                assert await owner.fetchval(left, ids[loser], home.id) == 0, (table.name, column.name)
        worlds.append(await everything(owner, home.id))
    assert worlds[0] != worlds[-1]
    for _, loser, _ in reversed(world.merges):
        worlds.pop()
        async with stage.database.transaction(home.admin.actor) as tx:
            await merging.unmerge(tx, ids[loser])
        now = await everything(owner, home.id)
        for name, rows in worlds[-1].items():
            assert now[name] == rows, name


async def test_merge_then_unmerge_is_identity_on_every_table(stage: Stage) -> None:
    loop = asyncio.get_running_loop()

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(worlds())
    def any_world(world: World) -> None:
        asyncio.run_coroutine_threadsafe(check(stage, world), loop).result()

    await asyncio.to_thread(any_world)
