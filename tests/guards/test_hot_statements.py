"""The statements that people run all day reach an index under row-level security, past the workspace."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import orjson
import pytest
import pytest_asyncio

from crm.contacts import queries as contacts
from crm.contacts import stakeholders
from crm.contacts.schemas import ContactFilter
from crm.customers import duplicates
from crm.customers import queries as customers
from crm.customers.listing import CustomerFilter
from crm.customers.schemas import CustomerCreate
from crm.database import Access
from crm.pool import SET_WORKSPACE, connect
from crm.tasks import queries as tasks
from crm.tasks.schemas import TaskFilter
from services.local.servers import DsnOf
from tests.conftest import SECRET_KEY, Stage, _stage
from tests.factories import Workspace, found_workspace

MANY = 5_000
BIG = frozenset({"contacts", "customers", "customer_found_by", "customer_tokens", "tasks"})

CUSTOMERS = """
INSERT INTO customers
    (workspace_id, kind, name, name_key, owner_id, team_id, created_at, next_contact_due_on, last_contact_at)
SELECT $1, 'company', 'Customer ' || n, 'customer ' || n, CASE WHEN n % 100 = 0 THEN $2::uuid ELSE $3::uuid END, $4,
       now() - n * interval '1 minute', CURRENT_DATE + (n % 400), now() - (n % 200) * interval '1 day'
FROM generate_series(1, $5::int) AS n
"""
TOKENS = """
INSERT INTO customer_tokens (workspace_id, customer_id, token, field)
SELECT DISTINCT workspace_id, id, token, 'name'
FROM customers, unnest(string_to_array(name_key, ' ') || ('c' || split_part(name_key, ' ', 2))) AS token
"""
HELD = """
INSERT INTO customer_found_by (workspace_id, customer_id, field, tokens)
SELECT workspace_id, customer_id, field, E'\\n' || string_agg(token, E'\\n') || E'\\n'
FROM customer_tokens GROUP BY 1, 2, 3
"""
CONTACTS = """
INSERT INTO contacts (workspace_id, customer_id, name, name_key, roles, birthday, next_birthday_on, last_contact_at)
SELECT workspace_id, id, 'P', 'p', '[{"role": "decider"}]', '{}', CURRENT_DATE + (random() * 365)::int, last_contact_at
FROM customers
"""
TASKS = """
INSERT INTO tasks (workspace_id, title, kind, subject_type, subject_id, customer_id, assignee_id, due_at, state)
SELECT c.workspace_id, 'Call', 'follow_up', 'customer', c.id, c.id, c.owner_id,
       now() + (random() * 90) * interval '1 day', CASE WHEN random() < 0.1 THEN 'open' ELSE 'done' END
FROM customers AS c
"""


@dataclass
class Busy:
    """A database with enough rows that a wrong plan would be chosen, were there no right one."""

    stage: Stage
    workspace: Workspace
    access: Access
    api: asyncpg.Connection

    async def plan(
        self, ask: Callable[[Access], Awaitable[Any]], monkeypatch: pytest.MonkeyPatch, access: Access | None = None
    ) -> "Plan":
        """How Postgres runs the statements that this question sends, as the API's own role."""
        sent: list[tuple[str, tuple[Any, ...]]] = []
        with monkeypatch.context() as patch:
            for method in ("fetch", "fetchrow"):
                original = getattr(asyncpg.Connection, method)

                async def noted(conn: Any, sql: str, *arguments: Any, _original: Any = original, **more: Any) -> Any:
                    sent.append((sql, arguments))
                    return await _original(conn, sql, *arguments, **more)

                patch.setattr(asyncpg.Connection, method, noted)
            await ask(access or self.access)
        found = [await self.api.fetchval(f"EXPLAIN (FORMAT JSON) {sql}", *arguments) for sql, arguments in sent]
        return Plan({"Node Type": "Statements", "Plans": [plan["Plan"] for (plan,) in found]})


class Plan:
    """A plan of Postgres, flat."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.nodes = list(_nodes(root))

    def whole_scans(self) -> list[str]:
        """The big tables that are read from one end to the other."""
        read = [node["Relation Name"] for node in self.nodes if node["Node Type"] == "Seq Scan"]
        return sorted(BIG.intersection(read))

    def conditions(self, table: str) -> str:
        """What of the condition an index of this table serves."""
        mine = [node for node in self.nodes if node.get("Relation Name") == table]
        inside = [inner for node in mine if node["Node Type"] == "Bitmap Heap Scan" for inner in _nodes(node)]
        return " ".join(str(node.get("Index Cond", "")) for node in [*mine, *inside])

    def cut_by_index(self, table: str) -> bool:
        """A LIMIT takes its rows straight from an index, in its order."""
        return any(
            node["Node Type"] == "Limit"
            and any(re.fullmatch("Index( Only)? Scan", below["Node Type"]) and below.get("Relation Name") == table
                    for below in _straight(node))
            for node in self.nodes
        )  # fmt: skip


def _nodes(root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield root
    for below in root.get("Plans", ()):
        yield from _nodes(below)


def _straight(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What lies below a node without a sort, join or gather between."""
    for below in node.get("Plans", ()):
        if below.get("Parent Relationship") == "Outer" and below["Node Type"] not in {"Sort", "Incremental Sort"}:
            yield below
            yield from _straight(below)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def busy(servers: tuple[DsnOf, str]) -> AsyncIterator[Busy]:
    async with asynccontextmanager(_stage)(servers) as stage:
        owner = stage.owner
        for many in (MANY, 300, 300, 300):
            other = await found_workspace(owner, SECRET_KEY)
            if many == MANY:
                workspace = other
            await owner.execute(CUSTOMERS, other.id, other.anna.id, other.ben.id, other.north, many)
        await owner.execute(TOKENS)
        await owner.execute(HELD)
        await owner.execute(CONTACTS)
        await owner.execute(TASKS)
        await owner.execute("VACUUM ANALYZE")
        api = await connect(stage.dsn(), name="test-plans")
        await api.execute(SET_WORKSPACE, str(workspace.id))
        yield Busy(stage, workspace, stage.database.reading(workspace.admin.actor), api)
        await api.close()


async def customer_page(access: Access, **wanted: Any) -> bytes:
    return await customers.page(access, CustomerFilter.model_validate(wanted))


async def contact_page(access: Access, **wanted: Any) -> bytes:
    return await contacts.page(access, ContactFilter.model_validate(wanted))


async def task_page(access: Access, **wanted: Any) -> bytes:
    return await tasks.page(access, TaskFilter.model_validate(wanted))


async def test_one_customer_is_found_by_its_key(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    customer_id = await busy.stage.owner.fetchval(
        "SELECT id FROM customers WHERE workspace_id = $1 AND name = 'Customer 7'", busy.workspace.id
    )
    plan = await busy.plan(lambda access: customers.get(access, customer_id), monkeypatch)
    assert plan.whole_scans() == []
    assert "(id = " in plan.conditions("customers")


LISTS: list[tuple[str, str, Callable[..., Awaitable[Any]], dict[str, Any]]] = [
    ("customers", "created_at", customer_page, {}),
    ("customers", "created_at", customer_page, {"sort": "created_at"}),
    ("customers", "name_key", customer_page, {"sort": "name"}),
    ("customers", "next_contact_due_on", customer_page, {"sort": "next_contact_due_on"}),
    ("customers", "last_contact_at", customer_page, {"sort": "last_contact_at"}),
    ("customers", "verified_on", customer_page, {"sort": "verified_on"}),
    ("contacts", "next_birthday_on", contact_page, {"sort": "next_birthday_on"}),
    ("contacts", "next_birthday_on", contact_page, {"sort": "next_birthday_on", "next_birthday_on_gte": "2020-01-01"}),
    ("tasks", "due_at", task_page, {}),
    ("tasks", "due_at", task_page, {"state": ["open"]}),
]


def _said(part: Any) -> str:
    """The same in every process: a function by its name, not its address."""
    return str(part.__name__) if callable(part) else str(part)


@pytest.mark.parametrize(("table", "key", "page", "wanted"), LISTS, ids=_said)
async def test_a_list_is_cut_by_an_index_and_goes_on_where_it_ended(
    busy: Busy, monkeypatch: pytest.MonkeyPatch, table: str, key: str, page: Any, wanted: dict[str, Any]
) -> None:
    first = orjson.loads(await page(busy.access, **wanted))
    for more in ({}, {"cursor": first["next_cursor"]}):
        plan = await busy.plan(partial(page, **wanted, **more), monkeypatch)
        assert plan.whole_scans() == []
        assert plan.cut_by_index(table), plan.nodes
        served = re.sub(r"(?:GREATEST|LEAST)\((\w+), [^)]*\)", r"\1", plan.conditions(table))
        assert not more or f"ROW({key}, id)" in served, served


async def test_stakeholders_are_found_by_their_customer(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    customer_id = await busy.stage.owner.fetchval(
        "SELECT id FROM customers WHERE workspace_id = $1 AND name = 'Customer 7'", busy.workspace.id
    )
    plan = await busy.plan(lambda access: stakeholders.of_customer(access, customer_id), monkeypatch)
    assert plan.whole_scans() == []
    assert "customer_id = " in plan.conditions("contacts")


async def test_a_narrow_owners_list_is_found_by_the_owner(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = partial(customer_page, owner_id=[str(busy.workspace.anna.id)])
    plan = await busy.plan(wanted, monkeypatch)
    assert plan.whole_scans() == []
    assert "owner_id" in plan.conditions("customers")
    # In order by the owner's own index: not sought along all that are newer, as after an import by somebody else.
    assert plan.cut_by_index("customers")
    several = partial(customer_page, owner_id=[str(busy.workspace.anna.id), str(busy.workspace.ben.id)])
    assert "owner_id" not in (await busy.plan(several, monkeypatch)).conditions("customers")


async def test_a_sales_person_finds_their_own_by_an_index(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    anna = busy.stage.database.reading(busy.workspace.anna.actor)
    plan = await busy.plan(customer_page, monkeypatch, anna)
    assert plan.whole_scans() == []
    assert "owner_id" in plan.conditions("customers")


async def test_ones_own_open_tasks_are_found_by_the_assignee(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = partial(task_page, assignee_id=[str(busy.workspace.anna.id)], state=["open"])
    plan = await busy.plan(wanted, monkeypatch)
    assert plan.whole_scans() == []
    assert "assignee_id" in plan.conditions("tasks")


@pytest.mark.parametrize("query", ["c4711", "customer 47", "customer 4711", "custamer"])
async def test_a_search_reaches_its_tokens_by_their_range(
    busy: Busy, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    plan = await busy.plan(partial(customer_page, q=query), monkeypatch)
    assert plan.whole_scans() == []
    assert "token >=" in plan.conditions("customer_tokens")


async def test_duplicates_are_found_by_their_tokens_alone(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    new = CustomerCreate(name="Customer 4711", phone="13812345678", email="one@example.com")
    for ask in (duplicates.alike, duplicates.create):
        plan = await busy.plan(partial(ask, new=new), monkeypatch)
        assert plan.whole_scans() == []
        # A condition on the last column of the key would make the look-up a skip scan over all customers.
        assert "token = " in plan.conditions("customer_tokens")
        assert "field" not in plan.conditions("customer_tokens")


async def test_the_guard_sees_a_statement_that_no_index_serves(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = await busy.plan(partial(customer_page, region=["West"], sort="created_at"), monkeypatch)
    assert "region" not in plan.conditions("customers")
    await busy.api.execute("SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off")
    try:
        blind = await busy.plan(customer_page, monkeypatch)
    finally:
        await busy.api.execute("RESET enable_indexscan; RESET enable_bitmapscan; RESET enable_indexonlyscan")
    assert "customers" in blind.whole_scans()
    assert not blind.cut_by_index("customers")
