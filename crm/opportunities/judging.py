"""Looking at the card of a sale, and answering the questions of its checklists."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Insert, Select, bindparam, select
from sqlalchemy.dialects.postgresql import JSONB

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.days import today
from crm.errors import FieldError, NotFound, Unprocessable
from crm.nouns import Answer, this_one
from crm.opportunities import events
from crm.opportunities.grades import grade_of, review_days_of
from crm.opportunities.guarding import as_it_is, workable
from crm.opportunities.models import opportunities
from crm.opportunities.part_schemas import ChecksPut
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.pipelines.models import pipelines
from crm.recording import changing, record


async def review(access: Access, opportunity_id: UUID) -> Answer:
    """Say that somebody has looked at the card today; when to look again follows from its grade. Twice is once.

    Raises ``NotFound``, ``Stale``, ``OpportunityClosed``, ``OpportunityArchived``.
    """
    reviewed = await record(access, events.REVIEWED, _review(access.actor.sight), id=opportunity_id)
    return reviewed or await as_it_is(access, opportunity_id)


async def put_checks(tx: Transaction, opportunity_id: UUID, checklist: str, wanted: ChecksPut) -> Answer:
    """Answer the questions of a checklist of the pipeline; what is not sent is not known.

    Raises ``NotFound`` for the opportunity or the checklist, ``Stale``, ``OpportunityClosed``,
    ``OpportunityArchived``, 422 naming each question that it does not have.
    """
    lists: list[Mapping[str, Any]] | None = await tx.value(_checklists(tx.actor.sight), id=opportunity_id)
    found = next((one for one in lists or () if one["key"] == checklist), None)
    if found is None:
        raise NotFound
    known = {element["key"] for element in found["elements"]}
    errors = tuple(
        FieldError(f"#/scores/{key}", "The checklist has no such element.", "unknown")
        for key in wanted.scores
        if key not in known
    )
    if errors:
        raise Unprocessable(errors=errors)
    changed = await record(
        tx, events.UPDATED, _check(tx.actor.sight), id=opportunity_id, answers={checklist: wanted.scores}
    )
    return changed or await as_it_is(tx, opportunity_id)


@statement
def _review(sight: Sight) -> Insert:
    grade = grade_of(opportunities.c.expected_close_on, today())
    values = {
        "reviewed_on": today(),
        "grade": grade,
        "review_due_on": on_a_working_day(today() + review_days_of(grade)),
    }
    return changing(OPPORTUNITY, sight, (), *workable(), values=values)


@statement
def _checklists(sight: Sight) -> Select[Any]:
    joined = opportunities.join(
        pipelines,
        (pipelines.c.workspace_id == opportunities.c.workspace_id) & (pipelines.c.id == opportunities.c.pipeline_id),
    )
    return select(pipelines.c.checklists).select_from(joined).where(this_one(OPPORTUNITY, sight))


@statement
def _check(sight: Sight) -> Insert:
    answers = opportunities.c.checks.op("||")(bindparam("answers", type_=JSONB))
    return changing(OPPORTUNITY, sight, (), *workable(), values={"checks": answers})
