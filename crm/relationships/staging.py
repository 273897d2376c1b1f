"""Moving a relationship from stage to stage: one statement with its guards inside, whatever the present stage."""

from uuid import UUID

import orjson
from sqlalchemy import Insert, and_, func, or_

from crm.actor import Sight
from crm.customers import events
from crm.customers.errors import CustomerArchived
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.customers.stages import STEPS, steps_from, steps_to
from crm.customers.vocabulary import Stage
from crm.database import Access, statement
from crm.errors import Unavailable
from crm.nouns import Answer
from crm.recording import changing, explain, record
from crm.relationships import guards
from crm.relationships.errors import RequirementsMissing, StageMoveNotAllowed
from crm.relationships.schemas import MoveStage


async def move(access: Access, customer_id: UUID, wanted: MoveStage) -> Answer:
    """Bring the relationship to this stage; where it is there already, nothing happens.

    Raises ``NotFound``, ``Stale``, ``CustomerArchived``, ``StageMoveNotAllowed``, ``RequirementsMissing``.
    """
    stated = frozenset(wanted.model_dump(include={"reason", "evidence"}, exclude_none=True))
    moved = await record(
        access,
        events.STAGE_CHANGED,
        _moved(access.actor.sight, wanted.to, stated),
        id=customer_id,
        new_stage_reason=wanted.reason,
        new_stage_evidence=wanted.evidence,
    )
    if moved is not None:
        return moved
    answer = await explain(access, CUSTOMER, customer_id)
    customer = orjson.loads(answer.body)
    stage = customer["relationship_stage"]
    if customer["archived_at"] is not None:
        raise CustomerArchived
    if stage == wanted.to:
        return answer
    if (stage, wanted.to) not in STEPS:
        raise StageMoveNotAllowed(stage=stage, allowed=steps_from(stage))
    if missing := await guards.unmet(access, customer_id, STEPS[stage, wanted.to], stated):
        raise RequirementsMissing(missing=missing)
    raise Unavailable


@statement
def _moved(sight: Sight, to: Stage, stated: frozenset[str]) -> Insert:
    stage = customers.c.relationship_stage
    ways = (and_(stage == before, guards.met(needs, stated)) for before, needs in steps_to(to).items())
    return changing(
        CUSTOMER,
        sight,
        ("stage_reason", "stage_evidence"),
        customers.c.archived_at.is_(None),
        or_(*ways),
        values={"relationship_stage": to, "stage_entered_at": func.now()},
    )
