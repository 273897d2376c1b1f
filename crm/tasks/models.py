"""Tables of tasks."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, Uuid, and_, text
from sqlalchemy.dialects.postgresql import ARRAY

from crm.tables import link, moment, newest_first, noun, one_of
from crm.tasks.vocabulary import KNOWN_SUBJECTS, Kind, State

ONE_TASK_PER_DEDUPE_KEY = "one_task_per_dedupe_key"

tasks = noun(
    "tasks",
    Column("kind", Text, nullable=False, server_default="follow_up"),
    Column("title", Text, nullable=False),
    Column("note", Text),
    Column("subject_type", Text, nullable=False),
    Column("subject_id", Uuid, nullable=False),
    Column("customer_id", Uuid),
    Column("assignee_id", Uuid, nullable=False),
    Column("team_id", Uuid),
    moment("due_at", nullable=False),
    Column("remind_before", ARRAY(Integer), nullable=False, server_default=text("'{0}'")),
    Column("state", Text, nullable=False, server_default="open"),
    Column("snooze_count", Integer, nullable=False, server_default=text("0")),
    moment("completed_at"),
    Column("outcome", Text),
    Column("cancel_reason", Text),
    Column("dedupe_key", Text),
    # Where it comes from, when nobody wrote it: a rule, a series, a chain (``origins``).
    Column("rule_id", Uuid),
    Column("series_id", Uuid),
    Column("chain_id", Uuid),
    Column("chain_run_id", Uuid),
    Column("chain_step", Integer),
    moment("overdue_at"),
    Column("escalated_to_id", Uuid),
    one_of("state", State),
    one_of("kind", Kind),
    one_of("subject_type", KNOWN_SUBJECTS),
    CheckConstraint("(chain_id IS NULL) = (chain_step IS NULL)", name="chain_step"),
    link("assignee_id", "users"),
    link("team_id", "teams"),
    link("rule_id", "task_rules"),
    link("series_id", "task_series"),
    link("chain_id", "task_chains"),
    link("escalated_to_id", "users"),
)
newest_first(tasks)
Index(
    ONE_TASK_PER_DEDUPE_KEY,
    tasks.c.workspace_id,
    tasks.c.dedupe_key,
    unique=True,
    postgresql_where=tasks.c.dedupe_key.is_not(None),
)
Index(None, tasks.c.workspace_id, tasks.c.assignee_id, tasks.c.due_at, tasks.c.id)
Index(None, tasks.c.workspace_id, tasks.c.due_at, tasks.c.id)
Index(None, tasks.c.workspace_id, tasks.c.customer_id, tasks.c.due_at)
Index(None, tasks.c.workspace_id, tasks.c.subject_id)
Index("ix_tasks_of_rule", tasks.c.workspace_id, tasks.c.rule_id, postgresql_where=tasks.c.rule_id.is_not(None))
Index("ix_tasks_of_series", tasks.c.workspace_id, tasks.c.series_id, postgresql_where=tasks.c.series_id.is_not(None))
Index(
    "ix_tasks_not_told_overdue",
    tasks.c.workspace_id,
    tasks.c.due_at,
    postgresql_where=and_(tasks.c.state == "open", tasks.c.overdue_at.is_(None)),
)
