"""Tables of imports."""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from crm.tables import link, metadata, moment, newest_first, noun, one_of, secret

STATES = ("waiting", "running", "done", "failed")

imports = noun(
    "imports",
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    Column("defaults", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("failure", Text),
    Column("lines", Integer),
    Column("lines_done", Integer, nullable=False, server_default=text("0")),
    Column("created_count", Integer, nullable=False, server_default=text("0")),
    Column("updated_count", Integer, nullable=False, server_default=text("0")),
    Column("refused_count", Integer, nullable=False, server_default=text("0")),
    Column("created_by", Uuid),
    secret("content", LargeBinary),
    Column("position", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_id", Uuid),
    moment("leased_until"),
    moment("finished_at"),
    one_of("state", STATES),
)
newest_first(imports)
Index("ix_imports_open", imports.c.created_at, postgresql_where=imports.c.state.in_(["waiting", "running"]))

import_problems = Table(
    "import_problems",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("line", Integer, nullable=False),
    Column("errors", JSONB, nullable=False),
    Column("content", JSONB, nullable=False),
    PrimaryKeyConstraint("workspace_id", "import_id", "line"),
    link("import_id", "imports"),
)
