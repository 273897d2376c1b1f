"""Tables of imports. The file stands apart, so that a change of the import does not carry it along."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm.imports.vocabulary import AskedBy, Kind, State
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of

imports = noun(
    "imports",
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    Column("defaults", JSONB, nullable=False, server_default=text("'{}'")),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("failure", Text),
    Column("lines", Integer, nullable=False),
    Column("lines_done", Integer, nullable=False, server_default=text("0")),
    Column("created_count", Integer, nullable=False, server_default=text("0")),
    Column("updated_count", Integer, nullable=False, server_default=text("0")),
    Column("unchanged_count", Integer, nullable=False, server_default=text("0")),
    Column("refused_count", Integer, nullable=False, server_default=text("0")),
    Column("created_by", Uuid, nullable=False),
    Column("created_by_kind", Text, nullable=False),
    Column("position", BigInteger, nullable=False, server_default=text("0"), info={UNRECORDED: True}),
    Column("lease_id", Uuid, info={UNRECORDED: True}),
    moment("leased_until", info={UNRECORDED: True}),
    moment("finished_at"),
    one_of("kind", Kind),
    one_of("state", State),
    one_of("created_by_kind", AskedBy),
)
newest_first(imports)
Index("ix_imports_open", imports.c.created_at, postgresql_where=imports.c.state.in_(["waiting", "running"]))

import_files = Table(
    "import_files",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("workspace_id", "import_id"),
    link("import_id", "imports"),
)

import_problems = Table(
    "import_problems",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("line", Integer, nullable=False),
    Column("refused", Boolean, nullable=False),
    Column("errors", JSONB, nullable=False),
    Column("content", JSONB, nullable=False),
    PrimaryKeyConstraint("workspace_id", "import_id", "line"),
    link("import_id", "imports"),
)
