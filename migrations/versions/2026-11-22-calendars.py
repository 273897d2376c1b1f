"""Calendars: hours of the week, days that are not as usual, days numbered by working days; who goes by which.

Every workspace gets one of office hours; the worker fills in the public holidays as soon as it runs.
Revision: calendars, after file.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.guard import protect, unprotect

revision = "calendars"
down_revision = "file"
branch_labels = None
depends_on = None

ONE_FOR_EACH_WORKSPACE = """
WITH opened AS (
    INSERT INTO calendars (workspace_id, name, timezone, country, week)
    SELECT w.workspace_id, CASE w.language WHEN 'zh-CN' THEN '工作时间' ELSE 'Working time' END, w.timezone,
        CASE WHEN w.timezone IN
            ('Asia/Shanghai', 'Asia/Urumqi', 'Asia/Chongqing', 'Asia/Harbin', 'Asia/Kashgar', 'PRC') THEN 'CN' END,
        (SELECT jsonb_agg(jsonb_build_object('weekday', d, 'opens', h.opens, 'closes', h.closes) ORDER BY d, h.opens)
         FROM generate_series(1, 5) AS d, (VALUES ('09:00', '12:00'), ('13:30', '18:00')) AS h(opens, closes))
    FROM workspaces AS w
    RETURNING workspace_id, id)
UPDATE workspaces AS w SET calendar_id = opened.id FROM opened WHERE opened.workspace_id = w.workspace_id
"""


def upgrade() -> None:
    """Forward. A lock that is not had in two seconds is not worth stopping the product for."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    op.create_table(
        "calendars",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("country", sa.Text(), nullable=True),
        sa.Column("subdivision", sa.Text(), nullable=True),
        sa.Column("week", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("years", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("days_changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_calendars")),
    )
    op.create_index(
        op.f("ix_calendars_workspace_id_created_at_id"),
        "calendars",
        ["workspace_id", sa.literal_column("created_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_table(
        "calendar_days",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("hours", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("provisional", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.CheckConstraint("kind IN ('holiday', 'workday', 'hours')", name=op.f("ck_calendar_days_kind")),
        sa.CheckConstraint("source IN ('manual', 'package', 'notice')", name=op.f("ck_calendar_days_source")),
        sa.ForeignKeyConstraint(
            ["workspace_id", "calendar_id"],
            ["calendars.workspace_id", "calendars.id"],
            name=op.f("fk_calendar_days_workspace_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "id", name=op.f("pk_calendar_days")),
        sa.UniqueConstraint("workspace_id", "calendar_id", "day", name="one_day_per_date"),
    )
    op.create_table(
        "working_days",
        sa.Column("workspace_id", sa.Uuid(), nullable=False),
        sa.Column("calendar_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace_id", "calendar_id"],
            ["calendars.workspace_id", "calendars.id"],
            name=op.f("fk_working_days_workspace_id_calendar_id"),
        ),
        sa.PrimaryKeyConstraint("workspace_id", "calendar_id", "day", name=op.f("pk_working_days")),
    )
    op.create_index(
        "ix_working_days_number",
        "working_days",
        ["workspace_id", "calendar_id", "number"],
        unique=True,
        postgresql_where="is_working",
    )
    op.add_column("teams", sa.Column("calendar_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_teams_workspace_id_calendar_id"),
        "teams",
        "calendars",
        ["workspace_id", "calendar_id"],
        ["workspace_id", "id"],
    )
    op.add_column("users", sa.Column("calendar_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_users_workspace_id_calendar_id"),
        "users",
        "calendars",
        ["workspace_id", "calendar_id"],
        ["workspace_id", "id"],
    )
    op.add_column("workspaces", sa.Column("calendar_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_workspaces_workspace_id_calendar_id"),
        "workspaces",
        "calendars",
        ["workspace_id", "calendar_id"],
        ["workspace_id", "id"],
    )
    op.execute("ALTER TABLE workspaces NO FORCE ROW LEVEL SECURITY")
    op.execute(ONE_FOR_EACH_WORKSPACE)
    op.execute("ALTER TABLE workspaces FORCE ROW LEVEL SECURITY")
    protect("calendars")
    protect("calendar_days", api="SELECT, INSERT, UPDATE, DELETE", worker="SELECT, INSERT, UPDATE, DELETE")
    protect("working_days", api="SELECT, INSERT, DELETE", worker="SELECT, INSERT, DELETE")


def downgrade() -> None:
    """Back."""
    op.execute("SET LOCAL lock_timeout = '2s'")
    for table in ("working_days", "calendar_days", "calendars"):
        unprotect(table)
    op.drop_constraint(op.f("fk_workspaces_workspace_id_calendar_id"), "workspaces", type_="foreignkey")
    op.drop_column("workspaces", "calendar_id")
    op.drop_constraint(op.f("fk_users_workspace_id_calendar_id"), "users", type_="foreignkey")
    op.drop_column("users", "calendar_id")
    op.drop_constraint(op.f("fk_teams_workspace_id_calendar_id"), "teams", type_="foreignkey")
    op.drop_column("teams", "calendar_id")
    op.drop_index("ix_working_days_number", table_name="working_days", postgresql_where="is_working")
    op.drop_table("working_days")
    op.drop_table("calendar_days")
    op.drop_index(op.f("ix_calendars_workspace_id_created_at_id"), table_name="calendars")
    op.drop_table("calendars")
