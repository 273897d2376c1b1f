"""Visits in full: confirmed, missed, reviewed, joint and unplanned; nobody in two places; positions sealed; feeds.

Webhook endpoints are told how to reach people only where they are allowed to.

Positions that were kept in the open are forgotten, in the log of facts too: they cannot be sealed here, where there is
no key, and nobody was asked whether they may be kept.

Revision: visits2, after million.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "visits2"
down_revision = "million"
branch_labels = None
depends_on = None

OF_VISITS: dict[str, Any] = {
    "supervisor_id": sa.Uuid(),
    "preparation": sa.Text(),
    "start_clock_off": sa.Boolean(),
    "start_position": sa.LargeBinary(),
    "start_position_state": sa.Text(),
    "start_by_id": sa.Uuid(),
    "start_accuracy_m": sa.Float(),
    "start_out_of_range_reason": sa.Text(),
    "reported_at": sa.DateTime(timezone=True),
    "completion_clock_off": sa.Boolean(),
    "completion_position": sa.LargeBinary(),
    "completion_position_state": sa.Text(),
    "completion_by_id": sa.Uuid(),
    "completion_accuracy_m": sa.Float(),
    "completion_out_of_range_reason": sa.Text(),
    "own_needs": sa.Text(),
    "next_visit_id": sa.Uuid(),
    "cancelled_by": sa.Text(),
    "review": sa.Text(),
    "reviewed_by_id": sa.Uuid(),
    "reviewed_at": sa.DateTime(timezone=True),
}

WITH_DEFAULT: dict[str, tuple[Any, str]] = {
    "participant_ids": (postgresql.ARRAY(sa.Uuid()), "'{}'"),
    "kind": (sa.Text(), "'on_site'"),
    "unplanned": (sa.Boolean(), "false"),
    "overlap_allowed": (sa.Boolean(), "false"),
}

REPORT = (
    "completed_at IS NOT NULL AND started_at IS NOT NULL AND result IS NOT NULL AND cardinality(met_contact_ids) > 0"
)
POSITIONS = "IN ('kept', 'not_consented', 'forgotten')"
CHECKS = {
    "state": "state IN ('planned', 'confirmed', 'in_progress', 'completed', 'reviewed', 'cancelled', 'missed')",
    "kind": "kind IN ('on_site', 'invited', 'call', 'online')",
    "cancelled_by": "cancelled_by IN ('us', 'customer')",
    "start_position_state": f"start_position_state {POSITIONS}",
    "completion_position_state": f"completion_position_state {POSITIONS}",
    "completed_with_a_report": f"(state IN ('completed', 'reviewed')) = ({REPORT})",
    "reviewed_with_a_review": "state <> 'reviewed' OR review IS NOT NULL",
    "nobody_supervises_themselves": "supervisor_id <> owner_id",
}
FORMER_CHECKS = {
    "state": "state IN ('planned', 'in_progress', 'completed', 'cancelled')",
    "completed_with_a_report": f"(state = 'completed') = ({REPORT})",
}
LINKS = {"supervisor_id": "users", "reviewed_by_id": "users", "next_visit_id": "visits"}

# Within this transaction the owner sees every workspace, to bring what is there into the new order.
FORWARD = (
    "ALTER TABLE visits NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
    "UPDATE visits SET reported_at = completed_at WHERE completed_at IS NOT NULL",
    "UPDATE visits SET start_position_state = 'forgotten' WHERE start_location IS NOT NULL",
    "UPDATE visits SET completion_position_state = 'forgotten' WHERE completion_location IS NOT NULL",
    """
UPDATE events SET payload = (payload::jsonb #- '{check_in,location}' #- '{check_out,location}')::json,
                  changes = changes - 'start_location' - 'completion_location'
WHERE subject_type = 'visit' AND payload::text LIKE '%"latitude"%'
""",
    """
UPDATE visits AS v SET overlap_allowed = true
WHERE v.state IN ('planned', 'in_progress') AND EXISTS (
    SELECT FROM visits AS o
    WHERE o.workspace_id = v.workspace_id AND o.owner_id = v.owner_id AND o.id <> v.id
      AND o.state IN ('planned', 'in_progress')
      AND o.planned_start < v.planned_end AND o.planned_end > v.planned_start
)
""",
    """
UPDATE visits AS v SET state = 'cancelled', cancel_reason = 'Another visit was begun.', version = version + 1
WHERE v.state = 'in_progress' AND EXISTS (
    SELECT FROM visits AS o
    WHERE o.workspace_id = v.workspace_id AND o.owner_id = v.owner_id AND o.state = 'in_progress'
      AND (o.started_at, o.id) > (v.started_at, v.id)
)
""",
    "ALTER TABLE events FORCE ROW LEVEL SECURITY",
    "ALTER TABLE visits FORCE ROW LEVEL SECURITY",
)

BACK = (
    "ALTER TABLE visits NO FORCE ROW LEVEL SECURITY",
    "UPDATE visits SET state = 'planned' WHERE state = 'confirmed'",
    "UPDATE visits SET state = 'completed' WHERE state = 'reviewed'",
    "UPDATE visits SET state = 'cancelled', cancel_reason = 'Nobody came.' WHERE state = 'missed'",
    "ALTER TABLE visits FORCE ROW LEVEL SECURITY",
)

# Equality of uuid has no operator class for GiST without an extension; ranges of one uuid meet when they are equal.
NO_DOUBLE_BOOKING = """
ALTER TABLE visits ADD CONSTRAINT no_double_booking EXCLUDE USING gist (
    uuidrange(workspace_id, workspace_id, '[]') WITH &&,
    uuidrange(owner_id, owner_id, '[]') WITH &&,
    tstzrange(planned_start, planned_end) WITH &&
) WHERE (state IN ('planned', 'confirmed', 'in_progress') AND NOT overlap_allowed AND NOT unplanned)
"""


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for name, type_ in OF_VISITS.items():
        op.add_column("visits", sa.Column(name, type_, nullable=True))
    for name, (type_, default) in WITH_DEFAULT.items():
        op.add_column("visits", sa.Column(name, type_, server_default=sa.text(default), nullable=False))
    for step in FORWARD:
        op.execute(step)
    op.drop_column("visits", "start_location")
    op.drop_column("visits", "completion_location")
    for name in FORMER_CHECKS:
        op.drop_constraint(op.f(f"ck_visits_{name}"), "visits", type_="check")
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_visits_{name}"), "visits", condition)
    for name, target in LINKS.items():
        op.create_foreign_key(
            op.f(f"fk_visits_workspace_id_{name}"),
            "visits",
            target,
            ["workspace_id", name],
            ["workspace_id", "id"],
        )
    op.create_index(
        "ix_visits_to_come",
        "visits",
        ["workspace_id", "planned_end"],
        unique=False,
        postgresql_where=sa.text("state IN ('planned', 'confirmed')"),
    )
    op.create_index(
        "one_visit_in_progress",
        "visits",
        ["workspace_id", "owner_id"],
        unique=True,
        postgresql_where=sa.text("state = 'in_progress'"),
    )
    op.execute("CREATE TYPE uuidrange AS RANGE (subtype = uuid)")
    op.execute(NO_DOUBLE_BOOKING)
    op.add_column(
        "webhook_endpoints",
        sa.Column("personal_data", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    op.create_index(
        "ix_events_of_visit",
        "events",
        ["workspace_id", "subject_id"],
        unique=False,
        postgresql_where=sa.text("subject_type = 'visit'"),
    )
    _create_location_consents()
    _create_calendar_feeds()


def _create_location_consents() -> None:
    op.create_table(
        "location_consents",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("notice_version", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("status IN ('given', 'withdrawn')", name=op.f("ck_location_consents_status")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_location_consents_workspace_id_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_location_consents")),
    )
    protect("location_consents", worker="")


def _create_calendar_feeds() -> None:
    op.create_table(
        "calendar_feeds",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["users.workspace_id", "users.id"],
            name=op.f("fk_calendar_feeds_workspace_id_user_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_calendar_feeds")),
    )
    op.create_index(
        "one_feed_per_person",
        "calendar_feeds",
        ["workspace_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("revoked_at IS NULL"),
    )
    protect("calendar_feeds", worker="")


def downgrade() -> None:
    """Back. Positions, reviews and what else had no place before are lost; the missed count as cancelled."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("calendar_feeds", "location_consents"):
        unprotect(table)
        op.drop_table(table)
    op.drop_index("ix_events_of_visit", table_name="events")
    op.drop_column("webhook_endpoints", "personal_data")
    op.execute("ALTER TABLE visits DROP CONSTRAINT no_double_booking")
    op.execute("DROP TYPE uuidrange")
    op.drop_index("one_visit_in_progress", table_name="visits")
    op.drop_index("ix_visits_to_come", table_name="visits")
    for name in LINKS:
        op.drop_constraint(op.f(f"fk_visits_workspace_id_{name}"), "visits", type_="foreignkey")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_visits_{name}"), "visits", type_="check")
    for step in BACK:
        op.execute(step)
    for name, condition in FORMER_CHECKS.items():
        op.create_check_constraint(op.f(f"ck_visits_{name}"), "visits", condition)
    for name in (*WITH_DEFAULT, *reversed(OF_VISITS)):
        op.drop_column("visits", name)
    op.add_column("visits", sa.Column("start_location", postgresql.JSONB(), nullable=True))
    op.add_column("visits", sa.Column("completion_location", postgresql.JSONB(), nullable=True))
