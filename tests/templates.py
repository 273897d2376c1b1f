"""The migrated database that every test database is a copy of."""

import asyncio
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config

from services.local.servers import SUPERUSER, DsnOf

TEMPLATE = "rapport_template"


def alembic_config(url: str) -> Config:
    """Alembic on this database."""
    config = Config(str(Path(__file__).parent.parent / "alembic.ini"))
    config.attributes["url"] = url
    return config


def make_template(dsn_of: DsnOf) -> None:
    """Build it with the migrations, as production is built."""
    asyncio.run(_create(dsn_of(SUPERUSER, "postgres")))
    command.upgrade(alembic_config(dsn_of(SUPERUSER, TEMPLATE)), "head")


async def _create(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute(f"CREATE DATABASE {TEMPLATE}")
    await owner.close()
