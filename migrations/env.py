"""Alembic's way in: one connection as the owner of the tables, one transaction per migration."""

import asyncio
import os
from typing import Any

from alembic import context
from sqlalchemy import Connection, make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from crm.models import metadata


def is_ours(_object: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Leave the monthly partitions of ``events`` to the function that makes them."""
    return not (kind in {"table", "index"} and (name or "").startswith("events_"))


def migrate(connection: Connection) -> None:
    """Run what is wanted over an open connection."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        include_object=is_ours,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_migrate(url: str) -> None:
    """Connect with asyncpg, the only driver there is."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    asyncio.run(connect_and_migrate(context.config.attributes.get("url") or os.environ["DATABASE_URL"]))
