"""Everything that changes channels."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Select,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Sight
from crm.channels import events, planning, queries
from crm.channels.errors import (
    ChannelTaken,
    ChannelUnverified,
    EmailNotSetUp,
    OnlyManagersShare,
    TooManyChannels,
)
from crm.channels.holding import may_share, moving, state_of, theirs, why_not
from crm.channels.models import ONE_CHANNEL_PER_TARGET, notification_channels, notification_messages
from crm.channels.proofs import Proofs
from crm.channels.proving import code_message
from crm.channels.queries import CHANNEL
from crm.channels.rules import (
    MOST_CODES,
    MOST_OWN,
    MOST_SHARED,
    PER_MINUTE,
)
from crm.channels.schemas import NotificationChannelCreate, NotificationChannelUpdate
from crm.channels.targets import packed, place_of, target_of
from crm.database import Access, Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer
from crm.recording import changing, creating, record, renamed
from crm.sealing import Sealer
from crm.workspaces.errors import OnlyForPeople
from crm.workspaces.models import teams, users

_c = notification_channels.c


class Means(NamedTuple):
    """What this installation can do, and what secrets are sealed with."""

    sealer: Sealer
    proofs: Proofs
    allow_loopback: bool
    sends_email: bool


async def create(tx: Transaction, new: NotificationChannelCreate, means: Means) -> tuple[Answer, str | None]:
    """Add a channel; gives it with the secret of a webhook, which is shown this once.

    An address that is not the one somebody signs in with has to be proven by the code that is sent to it. Raises
    ``OnlyForPeople``, ``OnlyManagersShare``, ``ChannelTaken``, ``TooManyChannels``, ``EmailNotSetUp`` and 422 by field.
    """
    actor = tx.actor
    if new.shared and not may_share(actor):
        raise OnlyManagersShare
    if not new.shared and actor.user_id is None:
        raise OnlyForPeople
    if new.team_id is not None and not new.shared:
        raise invalid("team_id", "Only a shared channel is a team's.", "not_of_this_kind")
    if new.kind == "email" and not means.sends_email:
        raise EmailNotSetUp
    target = target_of(new, allow_loopback=means.allow_loopback)
    _check_ways(new.model_dump())
    channel_id = new.id or await tx.value(_new_id())
    ours = {"id", "shared", "url", "secret", "address"}
    values: dict[str, Any] = new.model_dump(exclude=ours) | {
        "id": channel_id,
        "user_id": None if new.shared else actor.user_id,
        "name": new.name or target.hint,
        "address": target.address,
        "hint": target.hint,
        "target": target.target,
        "timezone": new.timezone or actor.timezone,
        "per_minute": new.per_minute or PER_MINUTE[new.kind],
    }
    if target.sealed:
        values["sealed"] = means.sealer.seal(packed(target.sealed), place_of(actor.workspace_id, channel_id))
    proven = new.kind != "email" or (not new.shared and await _signs_in_with(tx, str(target.address)))
    values["state"] = "active" if proven else "unverified"
    insert = _insert(actor.sight, frozenset(values), new.shared, new.team_id is not None, proven)
    created = await record(
        tx, events.CREATED, insert, refusals={ONE_CHANNEL_PER_TARGET: ChannelTaken}, **renamed(values)
    )
    if created is None:
        if new.team_id is not None and not await tx.value(_team_in_sight(actor.sight), team_id=new.team_id):
            raise invalid("team_id", "There is no such team.", "not_found")
        raise TooManyChannels
    return created, target.shown_once


async def update(tx: Transaction, channel_id: UUID, change: NotificationChannelUpdate) -> Answer:
    """Change what was sent; what waits is planned anew. Raises ``NotFound``, ``Stale``, ``OnlyManagersShare``, 422."""
    values = change.model_dump(exclude_unset=True)
    # First: what is wrong with the change must not tell that somebody has the channel.
    await why_not(tx, channel_id)
    present = await planning.ways_of(tx, channel_id)
    if present is not None:
        _check_ways({**present, **values})
    changed = await record(
        tx,
        events.UPDATED,
        _change(tx.actor.sight, frozenset(values), may_share(tx.actor)),
        id=channel_id,
        **renamed(values),
    )
    if changed is None:
        return await why_not(tx, channel_id)
    await planning.plan_anew(tx, channel_id)
    return await queries.get(tx, channel_id)


async def enable(tx: Transaction, channel_id: UUID) -> Answer:
    """Tell somebody over it again, with a clean record. An unverified one stays so: ``ChannelUnverified``."""
    enabled = await record(
        tx, events.ENABLED, moving(tx.actor.sight, "active", "disabled", may_share(tx.actor)), id=channel_id
    )
    if enabled is None:
        answer = await why_not(tx, channel_id)
        if await tx.value(state_of(), id=channel_id) == "unverified":
            raise ChannelUnverified
        return answer
    await planning.wake(tx, channel_id)
    return await queries.get(tx, channel_id)


async def disable(access: Access, channel_id: UUID) -> Answer:
    """Tell nothing over it any more; what waits stays, until it is enabled."""
    disabled = await record(
        access, events.DISABLED, _disable(access.actor.sight, may_share(access.actor)), id=channel_id
    )
    return disabled or await why_not(access, channel_id)


async def remove(tx: Access, channel_id: UUID) -> None:
    """Forget a channel: its address and secrets are gone, and what waited is not told. Raises ``NotFound``."""
    removed = await record(tx, events.REMOVED, _remove(tx.actor.sight, may_share(tx.actor)), id=channel_id)
    if removed is None:
        await why_not(tx, channel_id)


async def _signs_in_with(access: Access, address: str) -> bool:
    email = await access.value(_email())
    return email is not None and str(email).casefold() == address.casefold()


def _check_ways(values: dict[str, Any]) -> None:
    if (values["quiet_from"] is None) != (values["quiet_until"] is None):
        missing = "quiet_until" if values["quiet_until"] is None else "quiet_from"
        raise invalid(missing, "Quiet hours have a beginning and an end.", "required")
    if values["quiet_from"] is not None and values["quiet_from"] == values["quiet_until"]:
        raise invalid("quiet_until", "Quiet hours end at another time than they begin.", "invalid")
    if values["digest"] == "daily" and not values["digest_times"]:
        raise invalid("digest_times", "A daily digest needs a time of day.", "required")


def _team_row(sight: Sight, name: str) -> Select[Any]:
    own = literal(True) if sight is Sight.ALL else teams.c.id == any_(bindparam("team_ids", type_=ARRAY(Uuid)))
    return select(teams.c.id).where(
        teams.c.workspace_id == bindparam("workspace_id", type_=Uuid), teams.c.id == bindparam(name, type_=Uuid), own
    )


@statement
def _team_in_sight(sight: Sight) -> Select[Any]:
    return select(_team_row(sight, "team_id").exists())


@statement
def _new_id() -> Select[Any]:
    return select(func.uuidv7())


@statement
def _email() -> Select[Any]:
    at_home = users.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(users.c.email).where(at_home, users.c.id == bindparam("user_id", type_=Uuid))


@statement
def _insert(sight: Sight, columns: frozenset[str], shared: bool, for_team: bool, proven: bool) -> Insert:
    """One channel within the limit; one that is not proven yet, with the message that brings the code."""
    others = notification_channels.alias("others").c
    same = others.user_id.is_(None) if shared else others.user_id == bindparam("user_id", type_=Uuid)
    counted = select(func.count()).where(
        others.workspace_id == bindparam("workspace_id", type_=Uuid), same, others.state != "removed"
    )
    only_if: ColumnElement[bool] = counted.scalar_subquery() < (MOST_SHARED if shared else MOST_OWN)
    if not proven:
        asked = others.code_sent_at > func.now() - literal(timedelta(hours=1))
        codes = select(func.count()).where(others.workspace_id == bindparam("workspace_id", type_=Uuid), same, asked)
        only_if = and_(only_if, codes.scalar_subquery() < MOST_CODES)
    if for_team:
        only_if = and_(only_if, _team_row(sight, "new_team_id").exists())
    values: dict[str, ColumnElement[Any]] = {} if proven else {"code_sent_at": func.now(), "next_at": func.now()}
    return creating(CHANNEL, columns, values=values, only_if=only_if, also=None if proven else code_message)


@statement
def _change(sight: Sight, columns: frozenset[str], may_share: bool) -> Insert:
    return changing(CHANNEL, sight, columns, theirs(may_share))


@statement
def _disable(sight: Sight, may_share: bool) -> Insert:
    values = {"state": "disabled", "disabled_because": "by_hand", "next_at": None}
    return changing(CHANNEL, sight, (), _c.state == "active", theirs(may_share), values=values)


@statement
def _remove(sight: Sight, may_share: bool) -> Insert:
    """Removed, and what waits with it: a message that is being sent this moment still arrives."""

    def dropped(changed: CTE) -> list[Update]:
        m = notification_messages.c
        mine = and_(m.workspace_id == changed.c.workspace_id, m.channel_id == changed.c.id, m.state == "pending")
        return [
            notification_messages.update()
            .where(mine)
            .values(state="dropped", settled_at=func.now(), updated_at=func.now(), version=m.version + 1)
        ]

    values = {"state": "removed", "sealed": None, "address": None, "hint": "", "name": "", "next_at": None}
    return changing(CHANNEL, sight, (), theirs(may_share), values=values, also=dropped)
