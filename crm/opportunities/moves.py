"""What people do with an opportunity: further, back, won, lost, resting, opened again."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from crm import clock
from crm.database import Access
from crm.errors import invalid
from crm.nouns import Answer
from crm.opportunities import events, moving
from crm.opportunities.errors import ReopeningIsForSupervisors
from crm.opportunities.move_schemas import (
    OpportunityAdvance,
    OpportunityHold,
    OpportunityLose,
    OpportunityReopen,
    OpportunityStepBack,
    OpportunityWin,
)
from crm.opportunities.queries import OPPORTUNITY
from crm.recording import explain

MAY_REOPEN = "handovers:write"


async def advance(access: Access, opportunity_id: UUID, wanted: OpportunityAdvance) -> Answer:
    """One stage further, or to the stage named, through the gates of every stage on the way. Raises as ``make``."""
    return await moving.make(
        access, "advance", events.STAGE_CHANGED, opportunity_id, {}, to=wanted.to, reason=wanted.reason
    )


async def step_back(access: Access, opportunity_id: UUID, wanted: OpportunityStepBack) -> Answer:
    """One stage back, or to the earlier stage named. Raises as ``make``."""
    return await moving.make(
        access, "step_back", events.STAGE_CHANGED, opportunity_id, {}, to=wanted.to, reason=wanted.reason
    )


async def win(access: Access, opportunity_id: UUID, wanted: OpportunityWin) -> Answer:
    """Close it as won, through all the gates that are left. Raises as ``make``, 422 for a day to come."""
    values = wanted.model_dump(exclude={"amount"}, exclude_none=True)
    values["closed_on"] = _day_until_today(access, values)
    if wanted.amount is not None:
        values |= {"amount": Decimal(wanted.amount.amount), "currency": wanted.amount.currency}
    return await moving.make(access, "win", events.WON, opportunity_id, values)


async def lose(access: Access, opportunity_id: UUID, wanted: OpportunityLose) -> Answer:
    """Close it as lost, with the reason. Raises as ``make``, 422 for a day to come."""
    values = {
        "lost_reason": wanted.reason,
        "lost_note": wanted.note,
        "closed_on": _day_until_today(access, wanted.model_dump()),
    }
    if wanted.competitor is not None:
        values["competitor"] = wanted.competitor
    return await moving.make(access, "lose", events.LOST, opportunity_id, values, reason=wanted.note)


async def hold(access: Access, opportunity_id: UUID, wanted: OpportunityHold) -> Answer:
    """Let it rest until a day to come. Raises as ``make``, 422 for a day that is not."""
    if wanted.resume_on <= clock.today(access.actor.timezone):
        raise invalid("resume_on", "It rests until a day to come.", "not_in_the_future")
    values = {"resume_on": wanted.resume_on}
    return await moving.make(access, "hold", events.HELD, opportunity_id, values, reason=wanted.reason)


async def resume(access: Access, opportunity_id: UUID) -> Answer:
    """Go on before the day. Raises as ``make``."""
    return await moving.make(access, "resume", events.RESUMED, opportunity_id, {})


async def reopen(access: Access, opportunity_id: UUID, wanted: OpportunityReopen) -> Answer:
    """Open what was lost. Raises as ``make``, ``ReopeningIsForSupervisors``, ``LostTooLongAgo``."""
    if MAY_REOPEN not in access.actor.scopes:
        await explain(access, OPPORTUNITY, opportunity_id)
        raise ReopeningIsForSupervisors
    return await moving.make(access, "reopen", events.REOPENED, opportunity_id, {}, reason=wanted.reason)


def _day_until_today(access: Access, values: dict[str, Any]) -> Any:
    today = clock.today(access.actor.timezone)
    closed_on = values.get("closed_on") or today
    if closed_on > today:
        raise invalid("closed_on", "This has not happened yet.", "in_the_future")
    return closed_on
