"""Every table keeps its rows at home: read from the catalogue, then tried with a row in every table."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
import pytest_asyncio

from crm.pool import SET_WORKSPACE, connect
from migrations.guard import HOME
from tests.conftest import Stage
from tests.guards import catalogue

Row = dict[str, Any]

BOTH = "rapport_api, rapport_worker"

PLANTED = (
    ("CREATE TABLE planted (workspace_id uuid PRIMARY KEY)", "planted has no row-level security"),
    ("ALTER TABLE planted ENABLE ROW LEVEL SECURITY", "planted does not force row-level security on its owner"),
    ("ALTER TABLE planted FORCE ROW LEVEL SECURITY", "planted has no home policy"),
    (
        f"CREATE POLICY home ON planted TO rapport_api USING ({HOME}) WITH CHECK ({HOME})",
        "planted does not bind rapport_api to its workspace",
    ),
    (
        "CREATE POLICY wide ON planted AS RESTRICTIVE TO rapport_api, rapport_worker USING (true) WITH CHECK (true)",
        "planted does not bind rapport_api to its workspace",
    ),
    (
        f"CREATE POLICY bound ON planted AS RESTRICTIVE TO {BOTH} USING ({HOME}) WITH CHECK ({HOME})",
        None,
    ),
    (
        "CREATE POLICY everything ON planted TO rapport_api USING (true)",
        "planted has a policy nobody agreed on: everything",
    ),
    ("DROP POLICY everything ON planted", None),
    ("CREATE VIEW peek AS SELECT * FROM users", "peek is a view: views run as their owner"),
)


async def test_every_table_forces_row_level_security_and_binds_the_roles(stage: Stage) -> None:
    assert await catalogue.unguarded_tables(stage.owner) == []


async def test_every_key_begins_with_the_workspace(stage: Stage) -> None:
    assert await catalogue.keys_without_workspace(stage.owner) == []


async def test_every_link_carries_the_workspace(stage: Stage) -> None:
    assert await catalogue.links_without_workspace(stage.owner) == []


async def test_the_log_in_roles_own_nothing_and_bypass_nothing(stage: Stage) -> None:
    assert await catalogue.mighty_roles(stage.owner) == []


async def test_functions_with_rights_of_their_own_are_known_and_closed(stage: Stage) -> None:
    assert await catalogue.loose_functions(stage.owner) == []


async def test_the_guard_finds_each_planted_gap(own_stage: Stage) -> None:
    for statement, fault in PLANTED:
        await own_stage.owner.execute(statement)
        found = await catalogue.unguarded_tables(own_stage.owner)
        mine = [each for each in found if each.startswith(("planted", "peek"))]
        assert (fault in mine) if fault else (mine == []), (statement, mine)


async def test_the_guard_finds_planted_keys_links_functions_and_owners(own_stage: Stage) -> None:
    owner = own_stage.owner
    await owner.execute("CREATE TABLE planted (workspace_id uuid, id uuid PRIMARY KEY, user_id uuid)")
    await owner.execute("CREATE UNIQUE INDEX by_id ON users (id)")
    await owner.execute("ALTER TABLE planted ADD CONSTRAINT loose FOREIGN KEY (user_id) REFERENCES users (id)")
    await owner.execute("CREATE FUNCTION peep() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'")
    await owner.execute("ALTER TABLE planted OWNER TO rapport_api")
    assert sorted(await catalogue.keys_without_workspace(owner)) == [
        "planted: planted_pkey begins with id",
        "users: by_id begins with id",
    ]
    assert await catalogue.links_without_workspace(owner) == ["planted: loose"]
    assert set(await catalogue.loose_functions(owner)) == {
        "peep is on no list",
        "peep has no search_path of its own",
        "peep may be called by anybody",
    }
    assert "planted belongs to a log-in role" in await catalogue.mighty_roles(owner)


class Filled:
    """A database with one row in every table, all of one workspace, whatever the tables are."""

    def __init__(self, stage: Stage, home: UUID, tables: dict[str, list[asyncpg.Record]]) -> None:
        self.stage, self.home, self.tables = stage, home, tables

    async def insert(self, connection: asyncpg.Connection, table: str, home: UUID) -> None:
        """One row, with a value that fits its type in every column that must have one."""
        values = {column["name"]: column["value"] for column in self.tables[table]} | {"workspace_id": f"'{home}'"}
        if "id" in values:
            values["id"] = "uuidv7()"
        await connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(values.values())})")


COLUMNS = """
SELECT c.relname AS table, a.attname AS name,
       CASE WHEN a.atttypid = 'uuid'::regtype THEN 'gen_random_uuid()'
            WHEN t.typcategory = 'N' THEN '1'
            WHEN t.typcategory = 'B' THEN 'false'
            WHEN t.typcategory = 'D' THEN 'now()'
            WHEN t.typcategory = 'A' THEN '''{}'''
            WHEN t.typname IN ('json', 'jsonb') THEN '''{}'''
            ELSE '''x''' END AS value
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
JOIN pg_type AS t ON t.oid = a.atttypid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
  AND c.relname <> 'alembic_version' AND (a.attnotnull AND NOT a.atthasdef OR a.attname IN ('workspace_id', 'id'))
ORDER BY c.relname, a.attnum
"""


@pytest_asyncio.fixture(loop_scope="session")
async def filled(own_stage: Stage) -> AsyncIterator[Filled]:
    """Without checks, links and triggers, a row of any values will do."""
    owner = own_stage.owner
    for row in await owner.fetch(
        "SELECT DISTINCT tgrelid::regclass::text AS table FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0"
    ):
        await owner.execute(f"ALTER TABLE {row['table']} DISABLE TRIGGER USER")
    for row in await owner.fetch(
        "SELECT conrelid::regclass::text AS table, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid "
        "WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f') AND NOT relispartition"
    ):
        await owner.execute(f'ALTER TABLE {row["table"]} DROP CONSTRAINT "{row["conname"]}"')
    tables: dict[str, list[asyncpg.Record]] = {}
    for column in await owner.fetch(COLUMNS):
        tables.setdefault(column["table"], []).append(column)
    everything = Filled(own_stage, uuid4(), tables)
    for table in tables:
        await everything.insert(owner, table, everything.home)
    yield everything


async def _count(connection: asyncpg.Connection, table: str) -> int:
    found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
    return found


@pytest.mark.parametrize("role", ["rapport_api", "rapport_worker"])
async def test_a_row_of_any_table_is_seen_from_its_own_workspace_only(filled: Filled, role: str) -> None:
    connection = await connect(filled.stage.dsn(role), name="test-role")
    scanned = catalogue.SCANNED_BY_THE_WORKER if role == "rapport_worker" else frozenset()
    tables = [table for table in filled.tables if await filled.stage.owner.fetchval(
        "SELECT has_table_privilege($1, $2, 'SELECT')", role, table
    )]  # fmt: skip
    assert {"customers", "events", "users"} <= set(tables)
    try:
        for setting, expected in (("", 0), (str(uuid4()), 0), (str(filled.home), 1)):
            await connection.execute(SET_WORKSPACE, setting)
            seen = {table: await _count(connection, table) for table in tables if table not in scanned}
            assert set(seen.values()) == {expected}, (setting, seen)
    finally:
        await connection.close()


@pytest.mark.parametrize("role", ["rapport_api", "rapport_worker"])
async def test_a_row_of_any_table_can_be_written_at_home_only(filled: Filled, role: str) -> None:
    connection = await connect(filled.stage.dsn(role), name="test-role")
    scanned = catalogue.SCANNED_BY_THE_WORKER if role == "rapport_worker" else frozenset()
    written: list[str] = []
    try:
        for table in set(filled.tables) - scanned:
            await connection.execute(SET_WORKSPACE, "")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await filled.insert(connection, table, uuid4())
            home, other = uuid4(), uuid4()
            await connection.execute(SET_WORKSPACE, str(home))
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await filled.insert(connection, table, other)
            may = "SELECT has_table_privilege($1, $2, $3)"
            if await filled.stage.owner.fetchval(may, role, table, "INSERT"):
                await filled.insert(connection, table, home)
                written.append(table)
            if await filled.stage.owner.fetchval(may, role, table, "UPDATE"):
                for where, many in ((filled.home, 0), (home, 1)):
                    same = f"UPDATE {table} SET workspace_id = workspace_id WHERE workspace_id = $1"
                    done = await connection.execute(same, where)
                    assert done == f"UPDATE {many}" or table not in written, (table, done)
                if table in written:
                    with pytest.raises(asyncpg.InsufficientPrivilegeError):
                        await connection.execute(f"UPDATE {table} SET workspace_id = $1", other)
    finally:
        await connection.close()
    assert {"customers"} <= set(written)
