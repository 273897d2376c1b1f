"""Tables of advice."""

from sqlalchemy import Boolean, Column, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from crm.complaints.vocabulary import Step
from crm.tables import noun, one_of

ONE_ADVICE_PER_STEP = "one_advice_per_step"

complaint_advice = noun(
    "complaint_advice",
    Column("step", Text, nullable=False),
    # [{"text": …, "text_zh": …}, …], in the order in which it is done.
    Column("checklist", JSONB, nullable=False),
    Column("avoid", JSONB, nullable=False),
    # Gone back to what the product ships: whatever that is by now holds, not what stands here.
    Column("is_default", Boolean, nullable=False, server_default=text("false")),
    one_of("step", Step),
    UniqueConstraint("workspace_id", "step", name=ONE_ADVICE_PER_STEP),
)
"""What a workspace says in place of the advice shipped (``defaults``): one row a step that it ever changed."""
