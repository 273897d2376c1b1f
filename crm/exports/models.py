"""The table of exports. What they wrote lies in a folder, not here."""

from sqlalchemy import Boolean, Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from crm.exports.vocabulary import AskedBy, Exported, Format, State
from crm.tables import UNRECORDED, moment, newest_first, noun, one_of

exports = noun(
    "exports",
    Column("noun", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("filters", JSONB, nullable=False, server_default=text("'{}'")),
    Column("bom", Boolean, nullable=False, server_default=text("false")),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("failure", Text),
    Column("rows", Integer),
    Column("rows_done", Integer, nullable=False, server_default=text("0"), info={UNRECORDED: True}),
    Column("created_by", Uuid, nullable=False),
    Column("created_by_kind", Text, nullable=False),
    Column("lease_id", Uuid, info={UNRECORDED: True}),
    moment("leased_until", info={UNRECORDED: True}),
    moment("finished_at"),
    moment("expires_at"),
    moment("withdrawn_at"),
    one_of("noun", Exported),
    one_of("format", Format),
    one_of("state", State),
    one_of("created_by_kind", AskedBy),
)
newest_first(exports)
Index("ix_exports_open", exports.c.created_at, postgresql_where=exports.c.state.in_(["waiting", "running"]))
