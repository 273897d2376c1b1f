"""A row in any table, made from what the table itself says: whoever adds a table has it looked at when customers merge.

Where the rules of a table leave a plain row no chance, ``SAID`` has what it needs.
"""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from sqlalchemy import ARRAY, Boolean, CheckConstraint, Column, Date, DateTime, LargeBinary, Numeric, Table, Uuid
from sqlalchemy.dialects.postgresql import JSON
from sqlalchemy.types import Integer

from crm.models import metadata

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)

SAID: dict[str, dict[str, Any]] = {
    "visits": {"planned_end": "2026-11-22T09:00:00Z", "overlap_allowed": True},
    "consents": {"notice_version": "1"},
    "pipeline_stages": {"probability": "0.5"},
    "visit_plans": {"month": "2026-11-01"},
    "complaint_arrivals": {"outcome": "ignored", "form_id": UUID(int=1)},
}
"""Table → values that its rules ask for, beside those that fit each column by itself."""

PLANTED_BY_HAND = frozenset(
    {"customers", "customer_found_by", "customer_tokens", "customer_merges", "events", "workspaces"}
)
"""The world itself; the log of facts, which only grows; and the workspace."""


def row_of(table: Table, home: UUID, **known: Any) -> dict[str, Any]:
    """Values for all columns that must have one, and the known ones."""
    row = {column.name: _plain(table, column) for column in table.c if _is_needed(column)}
    return row | {"workspace_id": home} | SAID.get(table.name, {}) | known


async def plant(owner: asyncpg.Connection, table: Table, row: dict[str, Any]) -> None:
    """Put the row into the table, links unchecked. Says what to do where it does not fit."""
    columns = ", ".join(f'"{name}"' for name in row)
    values = {str(name): _written(value) for name, value in row.items()}
    try:
        async with owner.transaction():
            await owner.execute("SET LOCAL session_replication_role = replica")
            await owner.execute(
                f"INSERT INTO {table.name} ({columns}) SELECT {columns} FROM "
                f"jsonb_populate_record(null::{table.name}, $1)",
                values,
            )
    except asyncpg.PostgresError as error:
        raise AssertionError(
            f"{table.name}: add to SAID in tests/customers/planting.py what a row needs ({error})"
        ) from error


def unrelated() -> list[Table]:
    """Every table of which the world has no rows yet, whatever it is about."""
    return [table for table in metadata.sorted_tables if table.name not in PLANTED_BY_HAND]


def _is_needed(column: Column[Any]) -> bool:
    return not column.nullable and column.server_default is None


def _plain(table: Table, column: Column[Any]) -> Any:
    for check in table.constraints:
        if isinstance(check, CheckConstraint):
            words = re.fullmatch(rf"{column.name} IN \('(\w+)'.*\)", str(check.sqltext))
            if words:
                return words[1]
    type_ = column.type
    plain: tuple[tuple[Any, Any], ...] = (
        (Uuid, uuid4()), (Boolean, False), ((Integer, Numeric), 1), (Date, NOW.date()), (DateTime, NOW),
        (ARRAY, []), (JSON, {}), (LargeBinary, r"\x78"),
    )  # fmt: skip
    return next((value for kind, value in plain if isinstance(type_, kind)), f"x{uuid4().hex}")


def _written(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value.isoformat() if hasattr(value, "isoformat") else value
