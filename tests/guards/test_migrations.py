"""The way to the schema and back: one head, nothing forgotten, nothing left behind, no row without a place."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from services.local.servers import SUPERUSER, DsnOf
from tests.conftest import Stage
from tests.templates import alembic_config

VERSIONS = sorted((Path(__file__).parents[2] / "migrations" / "versions").glob("*.py"))

LEFT_BEHIND = """
SELECT relname::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname !~ '^(pk_)?alembic_version'
UNION ALL SELECT proname::text FROM pg_proc WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT typname::text FROM pg_type
    WHERE typnamespace = 'public'::regnamespace AND typname !~ 'alembic_version$'
"""

INSERT = """
INSERT INTO events (workspace_id, id, type, subject_type, subject_id, sequence, actor_kind, actor_id, payload)
VALUES ($1, $2, 'test.happened', 'test', $1, 1, 'system', $1, '{}')
"""

FACES = """
SELECT 'column', table_name::text, column_name::text, data_type::text || is_nullable || coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename::text, indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname::text, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'policy', tablename::text, policyname::text,
    roles::text || coalesce(qual, '') || coalesce(with_check, '')
    FROM pg_policies WHERE schemaname = 'public'
UNION ALL SELECT 'function', proname::text, proowner::regrole::text, prosrc || coalesce(proacl::text, '') FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'grant', table_name::text, grantee::text, string_agg(privilege_type, ',' ORDER BY privilege_type)
    FROM information_schema.role_table_grants WHERE table_schema = 'public' GROUP BY 2, 3
UNION ALL SELECT 'trigger', tgrelid::regclass::text, tgname::text, pg_get_triggerdef(oid) FROM pg_trigger
    WHERE NOT tgisinternal
ORDER BY 1, 2, 3, 4
"""


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(alembic_config("")).get_heads()) == 1


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_never_waits_long_for_a_lock(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    for direction in ("upgrade", "downgrade"):
        body = re.search(rf"def {direction}\(\).*?(?=\ndef |\Z)", source, re.DOTALL)
        assert body is not None
        first = re.search(r"^    op\.(.*)$", body[0], re.MULTILINE)
        assert first is not None
        assert re.search(r"SET LOCAL lock_timeout = '[1-5]s'", first[1]), f"{direction} begins with {first[1]}"


async def test_up_down_and_up_again_ends_where_it_began(own_stage: Stage) -> None:
    config = alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name))
    before = await own_stage.owner.fetch(FACES)
    await asyncio.to_thread(command.check, config)
    await asyncio.to_thread(command.downgrade, config, "base")
    assert [row[0] for row in await own_stage.owner.fetch(LEFT_BEHIND)] == []
    await asyncio.to_thread(command.upgrade, config, "head")
    assert await own_stage.owner.fetch(FACES) == before
    await asyncio.to_thread(command.check, config)


async def test_the_check_finds_what_a_migration_forgot(own_stage: Stage) -> None:
    await own_stage.owner.execute("ALTER TABLE customers DROP COLUMN note")
    config = alembic_config(own_stage.dsn_of(SUPERUSER, own_stage.name))
    with pytest.raises(CommandError, match="note"):
        await asyncio.to_thread(command.check, config)


async def test_every_fact_of_the_next_two_years_has_a_place(own_stage: Stage) -> None:
    now = datetime.now(UTC)
    for ahead in range(25):
        month = now.month - 1 + ahead
        first = datetime(now.year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
        after = datetime(now.year + (month + 1) // 12, (month + 1) % 12 + 1, 1, tzinfo=UTC)
        for moment, tail in ((first, "0" * 20), (after, None)):
            milliseconds = int(moment.timestamp() * 1000) - (0 if tail else 1)
            await own_stage.owner.execute(INSERT, uuid4(), UUID(f"{milliseconds:012x}{tail or 'f' * 20}"))
    assert await own_stage.owner.fetchval("SELECT count(*) FROM events") == 50
    assert await own_stage.owner.fetchval("SELECT count(DISTINCT tableoid) FROM events") == 25
    with pytest.raises(asyncpg.CheckViolationError):
        await own_stage.owner.execute(INSERT, uuid4(), UUID("ffffffff-ffff-7fff-bfff-ffffffffffff"))


async def test_partitions_are_made_ahead_by_the_worker_and_by_nobody_else(own_stage: Stage) -> None:
    made = "SELECT count(*) FROM pg_class WHERE relispartition AND relkind = 'r'"
    before = await own_stage.owner.fetchval(made)
    worker = await asyncpg.connect(own_stage.dsn("rapport_worker"))
    for _ in range(2):
        await worker.execute("SELECT ensure_event_partitions(30)")
        assert await own_stage.owner.fetchval(made) == before + 6
    await worker.close()
    api = await asyncpg.connect(own_stage.dsn("rapport_api"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await api.execute("SELECT ensure_event_partitions(31)")
    await api.close()


async def test_an_empty_database_is_brought_up_to_date_beside_others(servers: tuple[DsnOf, str]) -> None:
    # Roles belong to the cluster: a second installation on it finds them there already.
    dsn_of, name = servers[0], f"test_{uuid4().hex[:12]}"
    owner = await asyncpg.connect(dsn_of(SUPERUSER, "postgres"))
    await owner.execute(f"CREATE DATABASE {name}")
    await asyncio.to_thread(command.upgrade, alembic_config(dsn_of(SUPERUSER, name)), "head")
    await owner.execute(f"DROP DATABASE {name}")
    await owner.close()
