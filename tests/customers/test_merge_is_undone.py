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
from crm.customers.uniting import choosable
from crm.finding import in_a_row
from crm.models import metadata
from tests.conftest import SECRET_KEY, Stage
from tests.customers.planting import plant, row_of, unrelated
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
            "trust_rated_at": draw(st.sampled_from(MOMENTS)),
            "trust_score": draw(st.sampled_from([None, 7.33])),
        }
        for number in range(many)
    ]
    # At the end two people, to whom companies are linked.
    customers += [{**customers[0], "kind": "person", "parent": None, "registration_code": None} for _ in range(2)]
    live, merges = list(range(many)), []
    for _ in range(draw(st.integers(1, many - 1))):
        winner, loser = draw(st.permutations(live))[:2]
        live.remove(loser)
        choose = draw(
            st.dictionaries(st.sampled_from(sorted(choosable())), st.sampled_from(["winner", "loser"]), max_size=4)
        )
        merges.append((winner, loser, choose))
    if draw(st.booleans()):
        merges.append((many, many + 1, {}))
    # Something of everything, wherever it is; and the loser of the first merge has one of each, with a person.
    names = sorted(table.name for table in references() if table is not metadata.tables["customers"])
    anything = st.tuples(st.sampled_from(names), st.integers(0, many - 1), st.none() | st.integers(0, 3))
    belongings = draw(st.lists(anything, max_size=10, unique_by=once_for_some))
    of_each: list[tuple[str, int, int | None]] = [(name, merges[0][1], None) for name in names]
    taken = {once_for_some(one) for one in of_each}
    return World(customers, of_each + [one for one in belongings if once_for_some(one) not in taken], merges)


def once_for_some(belonging: tuple[str, int, int | None]) -> Any:
    """Of what may stand once, one is enough."""
    name, at, of = belonging
    alone = ("key_proposals", "opportunity_contacts")
    return (name, at, of is None) if name == "customer_links" else (name, at) if name in alone else object()


async def build(owner: asyncpg.Connection, home: Workspace, world: World) -> list[UUID]:
    """The world, in the tables."""
    ids = [uuid4() for _ in world.customers]
    for who, one in zip(ids, world.customers, strict=True):
        row = {
            "kind": "company", **one, "workspace_id": home.id, "id": who, "name_key": one["name"].lower(),
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
                await owner.execute(
                    "INSERT INTO customer_found_by VALUES ($1, $2, $3, $4)",
                    home.id, who, field, in_a_row(leaves(one[field])),
                )  # fmt: skip
    people: dict[int, list[UUID]] = {}
    sales: dict[int, UUID] = {}
    first = ("contacts", "opportunities")
    for name, at, of in sorted(world.belongings, key=lambda one: one[0] not in first):
        row = belonging(name, home, ids, people, at, of)
        if name == "opportunities":
            sales.setdefault(at, row["id"])
        if name == "opportunity_contacts":
            if at not in sales or at not in people:
                continue
            row |= {"opportunity_id": sales[at]}
        await plant(owner, metadata.tables[name], row)
    for table in unrelated():
        if table not in references():
            await plant(owner, table, row_of(table, home.id))
    return ids


def belonging(
    name: str, home: Workspace, ids: list[UUID], people: dict[int, list[UUID]], at: int, of: int | None
) -> dict[str, Any]:
    """A row that names the customer in every column that can."""
    table, who = metadata.tables[name], uuid4()
    known: dict[str, Any] = {"id": who} | {one.column.name: ids[at] for one in references()[table]}
    for user in ("owner_id", "user_id", "assignee_id"):
        if user in table.c:
            known[user] = home.anna.id
    if "subject_id" in table.c:
        known["subject_type"] = "customer" if of is None else "visit"
        known["subject_id"] = ids[at] if of is None else uuid4()
    if name == "interactions":
        known |= {"subject_type": None, "subject_id": None} if of is None else {"subject_type": "complaint"}
    if name == "contacts":
        people.setdefault(at, []).append(who)
    elif "contact_id" in table.c and name != "privacy_requests":
        theirs = people.get(at, [])
        known["contact_id"] = theirs[of] if of is not None and of < len(theirs) else None
        if known["contact_id"] is None and not table.c.contact_id.nullable:
            known["contact_id"] = next(iter(theirs), uuid4())
    if name == "customer_links":
        known["person_id"] = ids[-1 if of is None else -2]
        known["is_top_leader"] = of is not None and of % 2 == 0
        known["ended_at"] = "2026-01-01T00:00:00Z" if of == 3 else None
    if name == "key_proposals":
        known["state"] = "open" if of is None else "rejected"
    return row_of(table, home.id, **known)


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
