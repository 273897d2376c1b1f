"""Tables of what makes tasks by itself: rules, series, chains. They stand here so that a task can say its origin."""

from sqlalchemy import Boolean, Column, Date, Index, Integer, Table, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.tables import UNRECORDED, link, metadata, moment, newest_first, noun, one_of
from crm.tasks.vocabulary import KNOWN_SUBJECTS, Kind, SeriesState

NEXT_CONTACT_DUE = "next_contact_due"
"""The rule that stands for what ``crm.care`` plans by cadence: its switch. There is one way to such a task, not two."""

ONE_RULE_PER_KEY = "one_task_rule_per_key"

task_rules = noun(
    "task_rules",
    Column("name", Text, nullable=False),
    # What the product came with is known by its key, whatever it is called by now.
    Column("key", Text),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("trigger", JSONB, nullable=False),
    Column("action", JSONB, nullable=False),
    # The event of the trigger, apart so that an index finds the rules of a fact.
    Column("event_type", Text, info={UNRECORDED: True}),
    Column("last_error", Text),
    moment("failed_at"),
    UniqueConstraint("workspace_id", "key", name=ONE_RULE_PER_KEY),
)
newest_first(task_rules)
Index(
    "ix_task_rules_of_event",
    task_rules.c.workspace_id,
    task_rules.c.event_type,
    postgresql_where=task_rules.c.event_type.is_not(None),
)

task_rule_runs = noun(
    "task_rule_runs",
    Column("rule_id", Uuid, nullable=False),
    Column("day", Date, nullable=False),
    Column("state", Text, nullable=False, server_default="running"),
    Column("after", Uuid),
    Column("made", Integer, nullable=False, server_default=text("0")),
    Column("skipped", JSONB, nullable=False, server_default=text("'{}'")),
    Column("failed", Integer, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    moment("finished_at"),
    UniqueConstraint("workspace_id", "rule_id", "day"),
    one_of("state", ("running", "done", "failed")),
    link("rule_id", "task_rules"),
)
"""What a rule did on a local day. ``after``: up to which subject a night's work has come."""

task_rule_rounds = Table(
    "task_rule_rounds",
    metadata,
    Column("workspace_id", Uuid, primary_key=True),
    Column("done_for", Date),
    moment("done_at"),
)
"""``done_for``: the last local day of a workspace whose nightly rules were all carried out."""

task_series = noun(
    "task_series",
    Column("rrule", Text, nullable=False),
    # Wall-clock time in ``timezone``: text, for it is a moment only together with a zone.
    Column("first_at", Text, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default="follow_up"),
    Column("title", Text, nullable=False),
    Column("note", Text),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("customer_id", Uuid),
    Column("assignee_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    Column("remind_before", ARRAY(Integer), nullable=False, server_default=text("'{0}'")),
    Column("state", Text, nullable=False, server_default="active"),
    Column("last_at", Text),
    Column("made", Integer, nullable=False, server_default=text("0")),
    moment("next_look_at", info={UNRECORDED: True}),
    moment("ended_at"),
    Column("ended_because", Text),
    one_of("kind", Kind),
    one_of("subject_type", KNOWN_SUBJECTS),
    one_of("state", SeriesState),
    link("assignee_id", "users"),
    link("team_id", "teams"),
)
"""``last_at``: the wall-clock time of the occurrence made last. ``next_look_at``: when that one's moment has come."""
newest_first(task_series)
Index(None, task_series.c.workspace_id, task_series.c.assignee_id)
Index(
    "ix_task_series_due",
    task_series.c.workspace_id,
    task_series.c.next_look_at,
    postgresql_where=task_series.c.state == "active",
)

task_chains = noun(
    "task_chains",
    Column("name", Text, nullable=False),
    Column("steps", JSONB, nullable=False),
    moment("archived_at"),
)
newest_first(task_chains)
