"""The table of files that are to be removed and may still be there."""

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text, Uuid, func

from crm.removals.vocabulary import Kind
from crm.tables import metadata, moment, one_of

owed_removals = Table(
    "owed_removals",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("file_id", Uuid, nullable=False),
    moment("created_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("workspace_id", "kind", "file_id"),
    one_of("kind", Kind),
)
"""A row goes when its file was removed: whoever dies between the two removes it again."""
