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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.imports.vocabulary import AskedBy, DateOrder, Kind, Reason, State
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of

imports = noun(
    "imports",
    Column("kind", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("mapping", JSONB, nullable=False),
    Column("defaults", JSONB, nullable=False, server_default=text("'{}'")),
    Column("values", JSONB, nullable=False, server_default=text("'{}'")),
    Column("match_by", Text),
    Column("date_order", Text),
    Column("headings", ARRAY(Text), nullable=False, server_default=text("'{}'"), info={UNRECORDED: True}),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("failure", Text),
    Column("lines", Integer, nullable=False),
    Column("lines_done", Integer, nullable=False, server_default=text("0")),
    Column("created_count", Integer, nullable=False, server_default=text("0")),
    Column("updated_count", Integer, nullable=False, server_default=text("0")),
    Column("unchanged_count", Integer, nullable=False, server_default=text("0")),
    Column("refused_count", Integer, nullable=False, server_default=text("0")),
    Column("undone_count", Integer, nullable=False, server_default=text("0")),
    Column("left_count", Integer, nullable=False, server_default=text("0")),
    Column("created_by", Uuid, nullable=False),
    Column("created_by_kind", Text, nullable=False),
    Column("position", BigInteger, nullable=False, server_default=text("0"), info={UNRECORDED: True}),
    Column("undo_by", Uuid, info={UNRECORDED: True}),
    Column("undo_by_kind", Text, info={UNRECORDED: True}),
    Column("undo_upto", Uuid, info={UNRECORDED: True}),
    Column("lease_id", Uuid, info={UNRECORDED: True}),
    moment("leased_until", info={UNRECORDED: True}),
    moment("finished_at"),
    one_of("kind", Kind),
    one_of("date_order", DateOrder),
    one_of("state", State),
    one_of("created_by_kind", AskedBy),
)
newest_first(imports)
Index("ix_imports_open", imports.c.created_at, postgresql_where=imports.c.state.in_(["waiting", "running", "undoing"]))

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

import_batches = Table(
    "import_batches",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    Column("transaction_id", BigInteger, nullable=False),
    moment("at", nullable=False),
    PrimaryKeyConstraint("workspace_id", "import_id", "transaction_id"),
    link("import_id", "imports"),
)
"""The transactions in which an import landed. Its facts are those of the same transaction and the same moment; the
moment too, because a restored database counts its transactions anew."""

import_leftovers = Table(
    "import_leftovers",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("import_id", Uuid, nullable=False),
    # A customer or an opportunity, by the kind of the import.
    Column("subject_id", Uuid, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fields", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    PrimaryKeyConstraint("workspace_id", "import_id", "subject_id"),
    link("import_id", "imports"),
    one_of("reason", Reason),
)
"""What an undo left as it was, because somebody has changed it since."""
