"""Setting, changing, putting aside targets."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, Insert, Uuid, any_, bindparam, false, func, or_, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.database import Access, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, explain, record, renamed
from crm.targets import events
from crm.targets.errors import TargetArchived, TargetOfTheWorkspace, TargetTaken
from crm.targets.models import ONE_TARGET_PER_PERIOD, targets
from crm.targets.queries import TARGET
from crm.targets.schemas import MONTHS, TargetCreate, TargetUpdate
from crm.targets.vocabulary import PeriodKind
from crm.workspaces.models import users

TAKEN = {ONE_TARGET_PER_PERIOD: TargetTaken}


async def create(access: Access, new: TargetCreate) -> Answer:
    """Set a target. Raises ``TargetTaken``, 422 for a person or team that is not there or not the caller's to lead."""
    values = new.model_dump(exclude_none=True) | {
        "amount": Decimal(new.amount),
        "ends_on": end(new.kind, new.starts_on),
    }
    wanted = _create(access.actor.sight, frozenset(values))
    created = await record(access, events.CREATED, wanted, refusals=TAKEN, **renamed(values))
    if created is None:
        raise invalid("owner_id" if new.owner_id else "team_id", "There is no such person or team.", "not_found")
    return created


async def update(access: Access, target_id: UUID, change: TargetUpdate) -> Answer:
    """Change the amount. Raises ``NotFound``, ``Stale``, ``TargetArchived``, ``TargetOfTheWorkspace``."""
    amount = Decimal(change.amount)
    changed = await record(access, events.UPDATED, _update(access.actor.sight), id=target_id, new_amount=amount)
    if changed is not None:
        return changed
    answer = await _as_it_is(access, target_id)
    if orjson.loads(answer.body)["archived_at"] is not None:
        raise TargetArchived
    return answer


async def archive(access: Access, target_id: UUID) -> Answer:
    """Put a target aside. Archiving twice is archiving once. Raises ``NotFound``."""
    archived = await record(access, events.ARCHIVED, _archive(access.actor.sight), id=target_id)
    return archived or await _as_it_is(access, target_id)


async def restore(access: Access, target_id: UUID) -> Answer:
    """Bring an archived target back. Raises ``NotFound``, ``TargetTaken``."""
    restored = await record(access, events.RESTORED, _restore(access.actor.sight), refusals=TAKEN, id=target_id)
    return restored or await _as_it_is(access, target_id)


async def _as_it_is(access: Access, target_id: UUID) -> Answer:
    """The target, where there was nothing to change; else raises why it is not the caller's to change."""
    answer = await explain(access, TARGET, target_id)
    row = orjson.loads(answer.body)
    if access.actor.sight is not Sight.ALL and row["owner_id"] is None and row["team_id"] is None:
        raise TargetOfTheWorkspace
    return answer


def end(kind: PeriodKind, starts_on: date) -> date:
    """The last day of the period that begins on this day."""
    month = starts_on.month - 1 + MONTHS[kind]
    return date(starts_on.year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@statement
def _create(sight: Sight, columns: frozenset[str]) -> Insert:
    return creating(TARGET, columns, only_if=_leads(sight, columns))


def _leads(sight: Sight, columns: frozenset[str]) -> ColumnElement[bool]:
    """Whether the actor may set it: with a team's sight for the teams and their people, not for the workspace."""
    if sight is Sight.ALL:
        return true()
    c, mine = users.c, bindparam("team_ids", type_=ARRAY(Uuid))
    may: list[ColumnElement[bool]] = [false()]
    if "owner_id" in columns:
        owner = bindparam("new_owner_id", type_=Uuid)
        whose = or_(c.team_id == any_(mine), c.id == bindparam("actor_id", type_=Uuid))
        at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
        may.append(select(c.id).where(at_home, c.id == owner, whose).exists())
    if "team_id" in columns:
        may.append(bindparam("new_team_id", type_=Uuid) == any_(mine))
    return or_(*may)


@statement
def _update(sight: Sight) -> Insert:
    return changing(TARGET, sight, ("amount",), targets.c.archived_at.is_(None), *_not_everybodys(sight))


@statement
def _archive(sight: Sight) -> Insert:
    still = targets.c.archived_at.is_(None)
    return changing(TARGET, sight, (), still, *_not_everybodys(sight), values={"archived_at": func.now()})


@statement
def _restore(sight: Sight) -> Insert:
    gone = targets.c.archived_at.is_not(None)
    return changing(TARGET, sight, (), gone, *_not_everybodys(sight), values={"archived_at": None})


def _not_everybodys(sight: Sight) -> list[ColumnElement[bool]]:
    """Who sees a part of the workspace does not change what all of it is to sell."""
    return [] if sight is Sight.ALL else [or_(targets.c.owner_id.is_not(None), targets.c.team_id.is_not(None))]
