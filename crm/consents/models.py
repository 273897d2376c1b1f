"""The ledger of consent. Lines are added and never changed: what a person said then, stays said."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Text, Uuid, text

from crm.consents.vocabulary import Channel, Purpose, Status
from crm.tables import link, noun, one_of

consents = noun(
    "consents",
    Column("contact_id", Uuid, nullable=False),
    # The contact's customer at that moment, or the one it was merged into: no link, since a line does not move when the
    # contact does.
    Column("customer_id", Uuid, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("channel", Text),
    Column("notice_version", Text),
    Column("separate", Boolean, nullable=False, server_default=text("false")),
    one_of("purpose", Purpose),
    one_of("status", Status),
    one_of("channel", Channel),
    CheckConstraint("status = 'withdrawn' OR notice_version IS NOT NULL", name="given_to_a_notice"),
    link("contact_id", "contacts"),
)
Index(None, consents.c.workspace_id, consents.c.customer_id)
Index(None, consents.c.workspace_id, consents.c.contact_id, consents.c.created_at.desc(), consents.c.id.desc())
