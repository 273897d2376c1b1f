"""Tables of workspaces, their people and teams, and the proofs of who is who."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    Double,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.actor import Role
from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of, secret
from crm.workspaces.vocabulary import CustomNoun, CustomType, Language, UserState

ONE_FIELD_PER_KEY = "one_field_per_key"
ONE_USER_PER_EMAIL = "one_user_per_email"

workspaces = Table(
    "workspaces",
    metadata,
    Column("workspace_id", Uuid, primary_key=True, server_default=text("uuidv7()")),
    Column("id", Uuid, Computed("workspace_id", persisted=True), nullable=False),
    Column("name", Text, nullable=False),
    Column("timezone", Text, nullable=False, server_default="Asia/Shanghai"),
    Column("currency", Text, nullable=False, server_default="CNY"),
    Column("language", Text, nullable=False, server_default="zh-CN"),
    Column("settings", JSONB, nullable=False, server_default=text("'{}'")),
    Column("calendar_id", Uuid),
    moment("created_at", nullable=False, server_default=func.now()),
    moment("updated_at", nullable=False, server_default=func.now(), info={UNRECORDED: True}),
    Column("version", BigInteger, nullable=False, server_default=text("1"), info={UNRECORDED: True}),
    one_of("language", Language),
    link("calendar_id", "calendars"),
)

teams = noun(
    "teams",
    Column("name", Text, nullable=False),
    Column("parent_id", Uuid),
    Column("manager_id", Uuid),
    Column("calendar_id", Uuid),
    link("parent_id", "teams"),
    link("manager_id", "users", use_alter=True),
    link("calendar_id", "calendars"),
)
newest_first(teams)

users = noun(
    "users",
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, info={UNRECORDED: True}),
    Column("name", Text, nullable=False),
    secret("password_hash", Text),
    Column("role", Text, nullable=False),
    Column("team_id", Uuid),
    Column("state", Text, nullable=False, server_default="active"),
    Column("language", Text),
    Column("timezone", Text),
    Column("calendar_id", Uuid),
    Column("may_read_sensitive", Boolean, nullable=False, server_default=text("false")),
    Column("permission_version", Integer, nullable=False, server_default=text("1"), info={UNRECORDED: True}),
    UniqueConstraint("workspace_id", "email_key", name=ONE_USER_PER_EMAIL),
    one_of("role", list(Role)),
    one_of("state", UserState),
    link("team_id", "teams"),
    link("calendar_id", "calendars"),
)
newest_first(users)
Index(None, users.c.email_key)

sessions = noun(
    "sessions",
    Column("user_id", Uuid, nullable=False),
    Column("device", Text),
    secret("refresh_hash", LargeBinary, nullable=False),
    secret("previous_hash", LargeBinary),
    secret("successor", LargeBinary),
    moment("rotated_at"),
    moment("idle_until", nullable=False),
    moment("valid_until", nullable=False),
    moment("revoked_at"),
    Column("revoked_because", Text),
    link("user_id", "users"),
)
Index(None, sessions.c.workspace_id, sessions.c.user_id)

api_keys = noun(
    "api_keys",
    Column("name", Text, nullable=False),
    secret("secret_hash", LargeBinary, nullable=False),
    Column("hint", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    moment("expires_at"),
    moment("revoked_at"),
    moment("last_used_at", info={UNRECORDED: True}),
)
newest_first(api_keys)

sign_in_attempts = Table(
    "sign_in_attempts",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("subject", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    moment("failed_at", nullable=False, server_default=func.now()),
    moment("allowed_at", nullable=False),
    PrimaryKeyConstraint("workspace_id", "subject"),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("actor_id", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    moment("created_at", nullable=False, server_default=func.now()),
    PrimaryKeyConstraint("workspace_id", "actor_id", "key"),
)
Index(None, idempotency_keys.c.created_at)

custom_fields = noun(
    "custom_fields",
    Column("noun", Text, nullable=False),
    Column("key", Text(collation="C"), nullable=False),
    Column("label", Text, nullable=False),
    Column("label_zh", Text),
    Column("type", Text, nullable=False),
    Column("options", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("required", Boolean, nullable=False, server_default=text("false")),
    moment("archived_at"),
    one_of("noun", CustomNoun),
    one_of("type", CustomType),
    UniqueConstraint("workspace_id", "noun", "key", name=ONE_FIELD_PER_KEY),
)
newest_first(custom_fields)

custom_values = Table(
    "custom_values",
    metadata,
    Column("workspace_id", Uuid, nullable=False),
    Column("noun", Text, nullable=False),
    Column("key", Text(collation="C"), nullable=False),
    # As ``custom_value`` writes it, the function that the triggers use too: cut where it is long.
    Column("value", Text(collation="C"), nullable=False),
    Column("record_id", Uuid, nullable=False),
    # A number as such too, for ranges; ``numeric`` has no operators that row-level security would let an index serve.
    Column("number", Double),
    PrimaryKeyConstraint("workspace_id", "noun", "key", "value", "record_id"),
)
Index(
    "ix_custom_values_number",
    custom_values.c.workspace_id,
    custom_values.c.noun,
    custom_values.c.key,
    custom_values.c.number,
    postgresql_include=["record_id"],
    postgresql_where=custom_values.c.number.is_not(None),
)
"""Which records have which values, as an index: triggers on ``custom`` keep it, whoever writes there."""
