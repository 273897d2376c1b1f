"""Tables of pipelines."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, Numeric, Text, UniqueConstraint, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from crm.pipelines.vocabulary import ForecastCategory
from crm.tables import link, moment, newest_first, noun, one_of

ONE_PIPELINE_PER_NAME = "one_pipeline_per_name"
ONE_DEFAULT_PIPELINE = "one_default_pipeline"
ONE_STAGE_PER_KEY = "one_stage_per_key"

pipelines = noun(
    "pipelines",
    Column("name", Text, nullable=False),
    Column("name_zh", Text),
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    # What a sale of this kind can be asked about beside money, authority and need: BANT, MEDDIC, one's own.
    Column("checklists", JSONB, nullable=False, server_default=text("'[]'")),
    # Counts every change of the stages, which are rows of their own, so that it is a change of the pipeline.
    Column("stages_changed", Integer, nullable=False, server_default=text("0")),
    moment("archived_at"),
)
newest_first(pipelines)
Index(
    ONE_PIPELINE_PER_NAME,
    pipelines.c.workspace_id,
    pipelines.c.name,
    unique=True,
    postgresql_where=pipelines.c.archived_at.is_(None),
)
Index(
    ONE_DEFAULT_PIPELINE,
    pipelines.c.workspace_id,
    unique=True,
    postgresql_where=pipelines.c.is_default & pipelines.c.archived_at.is_(None),
)

pipeline_stages = noun(
    "pipeline_stages",
    Column("pipeline_id", Uuid, nullable=False),
    Column("key", Text(collation="C"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_zh", Text),
    Column("place", Integer, nullable=False),
    Column("probability", Numeric(5, 4), nullable=False),
    Column("forecast_category", Text, nullable=False, server_default="pipeline"),
    Column("progress_code", Integer, nullable=False, server_default=text("1")),
    Column("expected_days", Integer),
    # Silence is told of sooner where a sale is near its end (domain.md B5).
    Column("late", Boolean, nullable=False, server_default=text("false")),
    # The facts that must be known to enter: names of crm.opportunities.gates, such as amount or contact:decider.
    Column("requires", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    UniqueConstraint("workspace_id", "pipeline_id", "id"),
    UniqueConstraint("workspace_id", "pipeline_id", "key", name=ONE_STAGE_PER_KEY, deferrable=True),
    UniqueConstraint("workspace_id", "pipeline_id", "place", deferrable=True),
    CheckConstraint("probability > 0 AND probability < 1", name="probability"),
    CheckConstraint("progress_code BETWEEN 0 AND 5", name="progress_code"),
    CheckConstraint("expected_days > 0", name="expected_days"),
    one_of("forecast_category", ForecastCategory),
    # Stages are written before the fact of their pipeline, which tells of them.
    link("pipeline_id", "pipelines", deferrable=True, initially="DEFERRED"),
)
