"""Carrying out a nightly rule: its parameters checked, its candidates found, tasks planned for them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from crm import clock
from crm.database import Access
from crm.errors import FieldError, Unprocessable, invalid
from crm.task_rules.conditions import CONDITIONS
from crm.task_rules.errors import BrokenRule
from crm.task_rules.finding import Candidate, Look
from crm.task_rules.making import Planned, worded
from crm.tasks.vocabulary import ASKS_FOR_CONTACT
from crm.workspaces.colleagues import somebody_is_active


async def look_for(
    access: Access, rule_id: UUID, trigger: Mapping[str, Any], action: Mapping[str, Any], today: date
) -> Look:
    """How this rule finds its candidates on that day. Raises 422 naming what is wrong with its parameters."""
    condition = CONDITIONS.get(trigger["condition"])
    if condition is None:
        raise invalid("trigger/condition", "There is no such condition.", "unknown_condition")
    try:
        parameters = condition.parameters.model_validate(trigger.get("parameters") or {})
    except ValidationError as error:
        raise Unprocessable(errors=tuple(_errors(error))) from error
    await condition.check(access, parameters)
    values = {
        **condition.values(parameters),
        "rule_id": rule_id,
        "rule_user_id": _id(action.get("user_id")),
        "rule_count": action["after"]["count"],
        "rule_again": action.get("again_after_days"),
        "today": today,
    }
    unit, minds = action["after"]["unit"], action["kind"] in ASKS_FOR_CONTACT
    return Look(condition.name, condition.variant(parameters), action["assignee"], unit, minds, values)


async def must_be_there(access: Access, action: Mapping[str, Any]) -> None:
    """The named user is active. Raises ``BrokenRule``."""
    user_id = _id(action.get("user_id"))
    if user_id is not None and not await somebody_is_active(access, user_id):
        raise BrokenRule("user_gone")


def plan(access: Access, rule: Look, action: Mapping[str, Any], found: Iterable[Candidate]) -> list[Planned]:
    """The tasks for those candidates who get one."""
    moment = moments(access, action)
    subject_type, today = CONDITIONS[rule.condition].subject, rule.values["today"]
    planned = []
    for one in found:
        if one.skipped is None and one.assignee_id is not None:
            days = abs((one.day - today).days)
            places = {
                "customer": one.customer_name, "name": one.name, "date": one.day.isoformat(), "days": str(days),
            }  # fmt: skip
            title, note = worded(action, one.language or access.actor.language, places)
            due_at = moment(one.due_on, one.timezone)
            planned.append(
                Planned(subject_type, one.id, one.customer_id, one.assignee_id, title, note, due_at, one.dedupe_key)
            )
    return planned


def moments(access: Access, action: Mapping[str, Any]) -> Callable[[date, str | None], datetime]:
    """The time of day of an action as a moment, by day and zone; each worked out once."""
    at = time.fromisoformat(action.get("at") or access.actor.settings["reminder_time"])
    known: dict[tuple[date, str | None], datetime] = {}

    def moment(day: date, zone: str | None) -> datetime:
        if (day, zone) not in known:
            known[day, zone] = clock.moment_of(day, at, zone or access.actor.timezone)
        return known[day, zone]

    return moment


def _id(value: Any) -> UUID | None:
    return UUID(value) if isinstance(value, str) else value


def _errors(error: ValidationError) -> Iterable[FieldError]:
    for one in error.errors():
        at = "/".join(str(part) for part in one["loc"])
        yield FieldError(f"#/trigger/parameters/{at}", one["msg"], one["type"])
