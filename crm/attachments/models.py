"""Tables of attachments. What is in the files is kept elsewhere, under the row's id."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text, Uuid

from crm.notes.vocabulary import SubjectType
from crm.tables import link, moment, newest_first, noun, one_of

attachments = noun(
    "attachments",
    # Null as long as nobody knows whose the sale or the complaint is that it hangs on.
    Column("customer_id", Uuid),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("author_id", Uuid),
    moment("archived_at"),
    moment("erased_at"),
    CheckConstraint("size > 0", name="size"),
    one_of("subject_type", SubjectType),
    link("customer_id", "customers"),
    link("author_id", "users"),
)
newest_first(attachments)
latest_first = attachments.c.created_at.desc(), attachments.c.id.desc()
Index(None, attachments.c.workspace_id, attachments.c.customer_id, *latest_first)
Index(None, attachments.c.workspace_id, attachments.c.subject_id, *latest_first)
