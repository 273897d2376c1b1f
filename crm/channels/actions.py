"""Everything that changes channels."""

from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Select,
    Text,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import Actor, Sight
from crm.channels import events, planning, queries
from crm.channels.errors import (
    ChannelDisabled,
    ChannelTaken,
    ChannelUnverified,
    CodeJustSent,
    CodeWrong,
    EmailNotSetUp,
    OnlyManagersShare,
    TooManyChannels,
)
from crm.channels.models import ONE_CHANNEL_PER_TARGET, notification_channels, notification_messages
from crm.channels.proofs import Proofs
from crm.channels.queries import CHANNEL, MESSAGE
from crm.channels.rules import (
    CODE_AGAIN,
    CODE_GUESSES,
    CODE_LASTS,
    MOST_CODES,
    MOST_OWN,
    MOST_SHARED,
    PER_MINUTE,
    SHARERS,
)
from crm.channels.schemas import NotificationChannelCreate, NotificationChannelUpdate
from crm.channels.targets import packed, place_of, target_of
from crm.database import Access, Database, Transaction, statement
from crm.errors import invalid
from crm.nouns import Answer, as_answer
from crm.recording import changing, creating, explain, record, renamed
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
        return await _why_not(tx, channel_id)
    await planning.plan_anew(tx, channel_id)
    return await queries.get(tx, channel_id)


async def verify(access: Access, database: Database, channel_id: UUID, code: str, proofs: Proofs) -> Answer:
    """Take the code that was sent to the address. Raises ``NotFound``, ``CodeWrong``.

    Each guess counts, outside of whatever transaction ``access`` may be; five may be made of one code.
    """
    answer = await _why_not(access, channel_id)
    if await access.value(_state(), id=channel_id) == "active":
        return answer
    row = await database.writing(access.actor).row(_guess(), id=channel_id)
    if row is None or row["code_failures"] > CODE_GUESSES:
        raise CodeWrong
    if not proofs.is_code(code, channel_id, row["address"], row["code_sent_at"]):
        raise CodeWrong
    verified = await record(
        access,
        events.VERIFIED,
        _move(access.actor.sight, "active", "unverified", may_share(access.actor)),
        id=channel_id,
    )
    return verified or await _why_not(access, channel_id)


async def enable(tx: Transaction, channel_id: UUID) -> Answer:
    """Tell somebody over it again, with a clean record. An unverified one stays so: ``ChannelUnverified``."""
    enabled = await record(
        tx, events.ENABLED, _move(tx.actor.sight, "active", "disabled", may_share(tx.actor)), id=channel_id
    )
    if enabled is None:
        answer = await _why_not(tx, channel_id)
        if await tx.value(_state(), id=channel_id) == "unverified":
            raise ChannelUnverified
        return answer
    await planning.wake(tx, channel_id)
    return await queries.get(tx, channel_id)


async def disable(access: Access, channel_id: UUID) -> Answer:
    """Tell nothing over it any more; what waits stays, until it is enabled."""
    disabled = await record(
        access, events.DISABLED, _disable(access.actor.sight, may_share(access.actor)), id=channel_id
    )
    return disabled or await _why_not(access, channel_id)


async def remove(tx: Access, channel_id: UUID) -> None:
    """Forget a channel: its address and secrets are gone, and what waited is not told. Raises ``NotFound``."""
    removed = await record(tx, events.REMOVED, _remove(tx.actor.sight, may_share(tx.actor)), id=channel_id)
    if removed is None:
        await _why_not(tx, channel_id)


async def test(tx: Transaction, channel_id: UUID) -> Answer:
    """Send a test, or the code once more where the address is not verified; gives the message.

    Raises ``ChannelDisabled``, ``CodeJustSent`` within a minute of the last code.
    """
    await explain(tx, CHANNEL, channel_id)
    row = await tx.row(_test(tx.actor.sight, may_share(tx.actor)), id=channel_id)
    if row is None:
        await _why_not(tx, channel_id)
        if await tx.value(_state(), id=channel_id) == "disabled":
            raise ChannelDisabled
        raise CodeJustSent(headers={"Retry-After": str(int(CODE_AGAIN.total_seconds()))})
    return Answer(*row)


def may_share(actor: Actor) -> bool:
    """Whether the actor may make and change shared channels."""
    return actor.role in SHARERS


async def _why_not(access: Access, channel_id: UUID) -> Answer:
    answer = await explain(access, CHANNEL, channel_id)
    if not may_share(access.actor) and await access.value(_is_shared(), id=channel_id):
        raise OnlyManagersShare
    return answer


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


def _theirs(may_share: bool) -> ColumnElement[bool]:
    return or_(_c.user_id == bindparam("user_id", type_=Uuid), literal(may_share))


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
def _state() -> Select[Any]:
    return select(_c.state).where(*_this())


@statement
def _is_shared() -> Select[Any]:
    return select(_c.user_id.is_(None)).where(*_this())


def _this() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _c.workspace_id == bindparam("workspace_id", type_=Uuid), _c.id == bindparam("id", type_=Uuid)


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
    return creating(CHANNEL, columns, values=values, only_if=only_if, also=None if proven else _code_message)


def _code_message(changed: CTE) -> list[Insert]:
    return [_message(changed, literal("code", Text))]


def _message(channel: CTE, occasion: ColumnElement[Any]) -> Insert:
    new = {
        "workspace_id": channel.c.workspace_id,
        "channel_id": channel.c.id,
        "user_id": channel.c.user_id,
        "team_id": channel.c.team_id,
        "occasion": occasion,
    }
    return notification_messages.insert().from_select(list(new), select(*new.values()))


@statement
def _change(sight: Sight, columns: frozenset[str], may_share: bool) -> Insert:
    return changing(CHANNEL, sight, columns, _theirs(may_share))


@statement
def _move(sight: Sight, to: str, since: str, may_share: bool) -> Insert:
    values = {"state": to, "disabled_because": None, "failures": 0, "failing_since": None}
    return changing(CHANNEL, sight, (), _c.state == since, _theirs(may_share), values=values)


@statement
def _disable(sight: Sight, may_share: bool) -> Insert:
    values = {"state": "disabled", "disabled_because": "by_hand", "next_at": None}
    return changing(CHANNEL, sight, (), _c.state == "active", _theirs(may_share), values=values)


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
    return changing(CHANNEL, sight, (), _theirs(may_share), values=values, also=dropped)


@statement
def _guess() -> Update:
    fresh = and_(_c.state == "unverified", _c.code_sent_at > func.now() - literal(CODE_LASTS))
    counted = notification_channels.update().where(*_this(), fresh).values(code_failures=_c.code_failures + 1)
    return counted.returning(_c.address, _c.code_sent_at, _c.code_failures)


@statement
def _test(sight: Sight, may_share: bool) -> Select[Any]:
    """A message of its own, due at once; of an unverified channel the code, anew."""
    unverified = _c.state == "unverified"
    again = and_(unverified, _c.code_sent_at < func.now() - literal(CODE_AGAIN))
    woken = (
        notification_channels.update()
        .where(*_this(), CHANNEL.visible(sight), _theirs(may_share), or_(_c.state == "active", again))
        .values(
            next_at=func.now(),
            code_sent_at=func.now(),
            code_failures=0,
        )
        .returning(_c.workspace_id, _c.id, _c.user_id, _c.team_id, _c.state)
        .cte("woken")
    )
    occasion = func.replace(func.replace(woken.c.state, "unverified", "code"), "active", "test")
    made = _message(woken, occasion).returning(*notification_messages.c).cte("changed")
    return as_answer(MESSAGE, made)
