"""A relationship stands still (``domain.md`` A083-A088)."""

from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import Date, Integer, Select, Text, Uuid, bindparam, cast, func, null, select

from crm.customers.models import customers
from crm.customers.vocabulary import Stage
from crm.days import local_date
from crm.fields import Sent
from crm.task_rules.conditions.kinds import TODAY, Condition, Variant, is_there


class StageParameters(Sent):
    """Calendar days in one stage, of this one only where it is named."""

    days: Annotated[int, Field(ge=1, le=3650)] = 180
    stage: Stage | None = None


def _rows(_: Variant) -> Select[Any]:
    c = customers.c
    entered = func.coalesce(c.stage_entered_at, c.created_at)
    day = cast(local_date(entered) + bindparam("rule_days", type_=Integer), Date)
    stage = bindparam("rule_stage", type_=Text)
    return select(
        c.id, c.id.label("customer_id"), c.owner_id, c.name, c.name.label("customer_name"),
        c.do_not_contact.label("left_alone"), day.label("day"), cast(null(), Date).label("until"),
    ).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid),
        is_there(customers),
        # Who is fully committed has nowhere further to go, and what has ended does not stand still.
        c.relationship_stage == func.coalesce(stage, c.relationship_stage),
        c.relationship_stage.not_in(["dissolution"]) | stage.is_not(None),
        c.relationship_stage.not_in(["commitment"]) | stage.is_not(None),
        day <= TODAY,
    )  # fmt: skip


STAGE_UNCHANGED = Condition(
    "stage_unchanged", "A relationship has been in the same stage for so many days.", "customer",
    StageParameters, _rows,
)  # fmt: skip
