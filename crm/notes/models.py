"""Tables of notes."""

from sqlalchemy import Boolean, Column, Index, Text, Uuid, text

from crm.notes.vocabulary import SubjectType
from crm.tables import link, moment, newest_first, noun, one_of

notes = noun(
    "notes",
    # Null as long as nobody knows whose the sale or the complaint is that it hangs on.
    Column("customer_id", Uuid),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("text", Text, nullable=False),
    Column("pinned", Boolean, nullable=False, server_default=text("false")),
    Column("author_id", Uuid),
    moment("archived_at"),
    one_of("subject_type", SubjectType),
    link("customer_id", "customers"),
    link("author_id", "users"),
)
newest_first(notes)
Index(None, notes.c.workspace_id, notes.c.customer_id, notes.c.created_at.desc(), notes.c.id.desc())
Index(None, notes.c.workspace_id, notes.c.subject_id, notes.c.created_at.desc(), notes.c.id.desc())
