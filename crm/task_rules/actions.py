"""Everything that people change of rules. Each change is one statement with its fact."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel
from sqlalchemy import Boolean, Insert, Select, Uuid, bindparam, exists, null, select

from crm import clock, reading
from crm.actor import NOBODY, Sight
from crm.database import Access, statement
from crm.errors import Unprocessable, invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.task_rules import carrying, dry_running, events
from crm.task_rules.errors import ShippedRule
from crm.task_rules.matching import faults
from crm.task_rules.queries import TASK_RULE
from crm.task_rules.schemas import EventTrigger, NightlyTrigger, RuleAction, TaskRuleCreate, TaskRuleUpdate
from crm.tasks.origins import task_chains, task_rules
from crm.workspaces.colleagues import is_active

Shapes = Mapping[str, type[BaseModel]]
"""The published shape of each event, by its type."""


async def create(access: Access, new: TaskRuleCreate, shapes: Shapes) -> Answer:
    """Add a rule. Raises ``AlreadyExists``, 422 naming what of it no event or record has."""
    values = new.model_dump(exclude={"trigger", "action"}, exclude_none=True)
    values |= await _whole(access, new.trigger, new.action, shapes)
    created = await record(
        access,
        events.CREATED,
        _create(frozenset(values)),
        **renamed(values),
        rule_user_id=new.action.user_id,
    )
    if created is None:
        raise invalid("action/user_id", "There is no such active user.", "not_found")
    return created


async def update(access: Access, rule_id: UUID, change: TaskRuleUpdate, shapes: Shapes) -> Answer:
    """Change what was sent. Raises ``NotFound``, ``Stale``, ``ShippedRule`` for the trigger of a rule of the product.

    The parameters of such a trigger may be changed, as long as it watches the same.
    """
    present = orjson.loads((await reading.one(access, TASK_RULE, rule_id)).body)
    sent = change.model_fields_set
    if present["key"] is not None and "trigger" in sent and _watched(change.trigger) != _watched(present["trigger"]):
        raise ShippedRule
    if present["trigger"]["kind"] == "care" and sent & {"trigger", "action"}:
        raise ShippedRule
    values: dict[str, Any] = {"name": change.name} if "name" in sent else {}
    if sent & {"trigger", "action"}:
        trigger = change.trigger if "trigger" in sent else _read_trigger(present["trigger"])
        action = change.action if "action" in sent else RuleAction.model_validate(present["action"])
        whole = await _whole(access, trigger, action, shapes)
        values |= {name: whole[name] for name in ("trigger", "action", "event_type") if name in whole}
    if not values:
        return await explain(access, TASK_RULE, rule_id)
    user_id = values["action"].get("user_id") if "action" in values else None
    changed = await record(
        access,
        events.UPDATED,
        _change(frozenset(values)),
        id=rule_id,
        **renamed(values),
        rule_user_id=UUID(user_id) if user_id else None,
    )
    if changed is not None:
        return changed
    answer = await explain(access, TASK_RULE, rule_id)
    if user_id and not await access.value(_is_there(), rule_user_id=UUID(user_id)):
        raise invalid("action/user_id", "There is no such active user.", "not_found")
    return answer


async def switch(access: Access, rule_id: UUID, *, on: bool) -> Answer:
    """Let a rule work, or not. Raises ``NotFound``, ``Stale``. Twice is once."""
    event = events.ENABLED if on else events.DISABLED
    switched = await record(access, event, _switch(), id=rule_id, new_enabled=on)
    return switched or await explain(access, TASK_RULE, rule_id)


async def dry_run(access: Access, rule_id: UUID, show: int) -> bytes:
    """What this rule would do now, enabled or not; nothing is written. Raises ``NotFound``, ``ShippedRule`` of care."""
    present = orjson.loads((await reading.one(access, TASK_RULE, rule_id)).body)
    if present["trigger"]["kind"] == "care":
        raise ShippedRule("What it does stands with each customer: next_contact_due_on.")
    return await dry_running.dry_run(access, rule_id, present["trigger"], present["action"], show)


async def dry_run_unsaved(access: Access, new: TaskRuleCreate, shapes: Shapes, show: int) -> bytes:
    """What such a rule would do; nothing is written. Raises 422 as ``create`` does."""
    whole = await _whole(access, new.trigger, new.action, shapes)
    return await dry_running.dry_run(access, NOBODY, whole["trigger"], whole["action"], show)


async def _whole(
    access: Access, trigger: EventTrigger | NightlyTrigger, action: RuleAction, shapes: Shapes
) -> dict[str, Any]:
    """The trigger and the action as they are kept. Raises 422 for what the published shapes and records do not have."""
    if action.chain_id is not None and not await access.value(_has_chain(), chain_id=action.chain_id):
        raise invalid("action/chain_id", "There is no such chain.", "not_found")
    watched = trigger.model_dump(mode="json", exclude_none=True)
    made = action.model_dump(mode="json", exclude_none=True)
    if isinstance(trigger, EventTrigger):
        shape = shapes.get(trigger.event)
        if shape is None:
            raise invalid("trigger/event", "There is no such event.", "unknown")
        where = [test.model_dump() for test in trigger.where]
        if errors := tuple(faults(where, shape.model_json_schema(mode="serialization"))):
            raise Unprocessable(errors=errors)
    else:
        if action.chain_id is not None:
            raise invalid("action/chain_id", "A chain is started by an event.", "invalid")
        if action.after.unit not in {"working_days", "days"}:
            raise invalid("action/after/unit", "A nightly rule counts days.", "invalid")
        await carrying.look_for(access, NOBODY, watched, made, clock.today(access.actor.timezone))
    return {
        "trigger": watched,
        "action": made,
        "event_type": trigger.event if isinstance(trigger, EventTrigger) else None,
    }


def _watched(trigger: Any) -> tuple[Any, ...]:
    """What a trigger watches, whatever its parameters."""
    given = trigger if isinstance(trigger, Mapping) else trigger.model_dump()
    return given["kind"], given.get("event"), given.get("condition")


def _read_trigger(kept: Mapping[str, Any]) -> EventTrigger | NightlyTrigger:
    return EventTrigger.model_validate(kept) if kept["kind"] == "event" else NightlyTrigger.model_validate(kept)


def _user_is_there() -> Any:
    user_id = bindparam("rule_user_id", type_=Uuid)
    return user_id.is_(None) | is_active(user_id)


@statement
def _create(columns: frozenset[str]) -> Insert:
    return creating(TASK_RULE, columns, only_if=_user_is_there())


@statement
def _change(columns: frozenset[str]) -> Insert:
    # Whoever mends a rule hears of it again only if it breaks again.
    mended = {"last_error": null(), "failed_at": null()}
    return changing(TASK_RULE, Sight.ALL, columns, _user_is_there(), values=mended)


@statement
def _switch() -> Insert:
    enabled = task_rules.c.enabled != bindparam("new_enabled", type_=Boolean)
    return changing(TASK_RULE, Sight.ALL, ("enabled",), enabled)


@statement
def _is_there() -> Select[Any]:
    return select(_user_is_there())


@statement
def _has_chain() -> Select[Any]:
    c = task_chains.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(exists().where(at_home, c.id == bindparam("chain_id", type_=Uuid), c.archived_at.is_(None)))
