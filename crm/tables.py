"""How tables are declared: every one belongs to a workspace, every row has a version, every link stays at home."""

from collections.abc import Sequence
from typing import Any, get_args

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    ForeignKeyConstraint,
    FromClause,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Uuid,
    bindparam,
    func,
    text,
)
from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Moment = DateTime(timezone=True)

UNRECORDED = "unrecorded"
"""``Column.info`` key of what never enters the fact log: secrets, and what the row's own version already says."""


def moment(name: str, **options: Any) -> Column[Any]:
    """A ``timestamptz`` column. Moments are UTC everywhere; zones are applied where people read."""
    return Column(name, Moment, **options)


def secret(name: str, type_: Any, **options: Any) -> Column[Any]:
    """A column whose value never enters the fact log, hashed or sealed as it may be."""
    return Column(name, type_, info={UNRECORDED: True}, **options)


def one_of(name: str, words: Any) -> CheckConstraint:
    """A column of one of a few words, given as a ``Literal`` or a list.

    States are ``text`` with a CHECK: an enum's operators are not leakproof, so no index would serve them.
    """
    listed = ", ".join(f"'{word}'" for word in get_args(words) or words)
    return CheckConstraint(f"{name} IN ({listed})", name=name)


def link(columns: str | Sequence[str], target: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key that carries the workspace, so that a link across workspaces cannot exist."""
    names = [columns] if isinstance(columns, str) else list(columns)
    remote = ["id"] if len(names) == 1 else [*names[:-1], "id"]
    return ForeignKeyConstraint(
        ["workspace_id", *names], [f"{target}.workspace_id", *(f"{target}.{name}" for name in remote)], **options
    )


def noun(name: str, *items: SchemaItem) -> Table:
    """A table of things people speak of: workspace and id as its key, moments of birth and last change, a version."""
    return Table(
        name,
        metadata,
        Column("workspace_id", Uuid, nullable=False),
        Column("id", Uuid, nullable=False, server_default=text("uuidv7()")),
        *items,
        moment("created_at", nullable=False, server_default=func.now()),
        moment("updated_at", nullable=False, server_default=func.now(), info={UNRECORDED: True}),
        Column("version", BigInteger, nullable=False, server_default=text("1"), info={UNRECORDED: True}),
        PrimaryKeyConstraint("workspace_id", "id"),
    )


def newest_first(table: Table) -> Index:
    """The index of a list's usual order. Ids can be made by clients, so they do not say when a row was made."""
    return Index(None, table.c.workspace_id, table.c.created_at.desc(), table.c.id.desc())


def home() -> ColumnElement[Any]:
    """The workspace of whoever acts, in a statement."""
    return bindparam("workspace_id", type_=Uuid)


def at_home(table: FromClause) -> ColumnElement[bool]:
    """Rows of the workspace of whoever acts."""
    its: ColumnElement[bool] = table.c.workspace_id == home()
    return its


def utc(moment_: ColumnElement[Any]) -> ColumnElement[str]:
    """A moment as the API writes it: RFC 3339 in UTC with microseconds, ``2026-11-22T01:02:03.456789Z``."""
    return func.to_char(func.timezone("UTC", moment_), text('\'YYYY-MM-DD"T"HH24:MI:SS.US"Z"\''))


def stamps(source: FromClause) -> tuple[ColumnElement[Any], ...]:
    """The three columns every shape ends with."""
    return (
        utc(source.c.created_at).label("created_at"),
        utc(source.c.updated_at).label("updated_at"),
        source.c.version,
    )
