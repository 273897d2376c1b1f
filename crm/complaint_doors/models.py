"""Tables of the doors and of what came in through them. Tokens are hashed, secrets sealed."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint, Uuid, func, text

from crm.complaint_doors.vocabulary import DoorState, Outcome
from crm.tables import link, moment, newest_first, noun, one_of, secret

complaint_forms = noun(
    "complaint_forms",
    Column("name", Text, nullable=False),
    # What stands above the form, in the two languages; and which team what comes in goes to.
    Column("greeting", Text),
    Column("greeting_zh", Text),
    Column("team_id", Uuid),
    Column("state", Text, nullable=False, server_default="active"),
    secret("token_hash", LargeBinary, nullable=False),
    moment("link_made_at", nullable=False, server_default=func.now()),
    one_of("state", DoorState),
    UniqueConstraint("workspace_id", "token_hash"),
    link("team_id", "teams"),
)
newest_first(complaint_forms)

complaint_inboxes = noun(
    "complaint_inboxes",
    Column("name", Text, nullable=False),
    # The mailbox that people write to, for us to know which one it is.
    Column("address", Text),
    Column("team_id", Uuid),
    # Whether a complaint is linked to the one customer who is known to have the sender's address.
    Column("match_senders", Boolean, nullable=False, server_default=text("true")),
    # What our mail server calls itself in what it writes of senders (RFC 8601); null: it writes nothing of them.
    Column("authserv_id", Text),
    Column("state", Text, nullable=False, server_default="active"),
    secret("token_hash", LargeBinary, nullable=False),
    secret("secret", LargeBinary, nullable=False),
    secret("previous_secret", LargeBinary),
    moment("previous_secret_until"),
    one_of("state", DoorState),
    UniqueConstraint("workspace_id", "token_hash"),
    link("team_id", "teams"),
)
newest_first(complaint_inboxes)

complaint_arrivals = noun(
    "complaint_arrivals",
    Column("form_id", Uuid),
    Column("inbox_id", Uuid),
    # What the sender calls it: `submission_id`, or `webhook-id`. It is never taken twice, however late.
    Column("key", Text(collation="C"), nullable=False),
    # Keyed hash of what was sent through a form; hash of a mail, which a gateway may hand over under a new name.
    Column("fingerprint", LargeBinary, nullable=False),
    # Hash of a mail's Message-ID, by which its answers name it.
    Column("message_hash", LargeBinary),
    # Hash of the token of the link by which whoever complained sees how it stands.
    Column("status_hash", LargeBinary),
    Column("outcome", Text, nullable=False),
    Column("complaint_id", Uuid),
    one_of("outcome", Outcome),
    CheckConstraint("(form_id IS NULL) <> (inbox_id IS NULL)", name="door"),
    CheckConstraint("(complaint_id IS NULL) = (outcome = 'ignored')", name="complaint_id"),
    link("form_id", "complaint_forms"),
    link("inbox_id", "complaint_inboxes"),
    # Written first, so that of two at once only one makes a complaint.
    link("complaint_id", "complaints", deferrable=True, initially="DEFERRED"),
)
a = complaint_arrivals.c
Index("one_submission_per_key", a.workspace_id, a.form_id, a.key, unique=True)
Index("one_mail_per_key", a.workspace_id, a.inbox_id, a.key, unique=True)
Index("one_mail_per_content", a.workspace_id, a.inbox_id, a.fingerprint, unique=True)
Index("one_arrival_per_link", a.workspace_id, a.status_hash, unique=True)
Index(None, a.workspace_id, a.message_hash)
Index(None, a.workspace_id, a.complaint_id)
