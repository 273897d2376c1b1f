"""Tables of tasks."""

from sqlalchemy import Column, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY

from crm.tables import link, moment, newest_first, noun, one_of
from crm.tasks.vocabulary import Kind, State, SubjectType

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
    one_of("state", State),
    one_of("kind", Kind),
    one_of("subject_type", SubjectType),
    link("assignee_id", "users"),
    link("team_id", "teams"),
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
