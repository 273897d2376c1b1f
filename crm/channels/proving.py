"""Proving that an address is one's own, and that a channel works: messages that were asked for."""

from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Insert, Select, Text, Update, and_, case, func, literal, or_, select

from crm.actor import Sight
from crm.channels import events
from crm.channels.errors import ChannelDisabled, CodeJustSent, CodeWrong
from crm.channels.holding import may_share, moving, state_of, theirs, this, why_not
from crm.channels.models import notification_channels, notification_messages
from crm.channels.proofs import Proofs
from crm.channels.queries import CHANNEL, MESSAGE
from crm.channels.rules import CODE_AGAIN, CODE_GUESSES, CODE_LASTS
from crm.database import Access, Database, Transaction, statement
from crm.nouns import Answer, as_answer
from crm.recording import explain, record

_c = notification_channels.c


async def verify(access: Access, database: Database, channel_id: UUID, code: str, proofs: Proofs) -> Answer:
    """Take the code that was sent to the address. Raises ``NotFound``, ``CodeWrong``.

    Each guess counts, outside of whatever transaction ``access`` may be; five may be made of one code.
    """
    answer = await why_not(access, channel_id)
    if await access.value(state_of(), id=channel_id) == "active":
        return answer
    row = await database.writing(access.actor).row(_guess(), id=channel_id)
    if row is None or row["code_failures"] > CODE_GUESSES:
        raise CodeWrong
    if not proofs.is_code(code, channel_id, row["address"], row["code_sent_at"]):
        raise CodeWrong
    verified = await record(
        access,
        events.VERIFIED,
        moving(access.actor.sight, "active", "unverified", may_share(access.actor)),
        id=channel_id,
    )
    return verified or await why_not(access, channel_id)


async def test(tx: Transaction, channel_id: UUID) -> Answer:
    """Send a test, or the code once more where the address is not verified; gives the message.

    Raises ``ChannelDisabled``, ``CodeJustSent`` within a minute of the last code.
    """
    await explain(tx, CHANNEL, channel_id)
    row = await tx.row(_test(tx.actor.sight, may_share(tx.actor)), id=channel_id)
    if row is None:
        await why_not(tx, channel_id)
        if await tx.value(state_of(), id=channel_id) == "disabled":
            raise ChannelDisabled
        raise CodeJustSent(headers={"Retry-After": str(int(CODE_AGAIN.total_seconds()))})
    return Answer(*row)


def code_message(changed: CTE) -> list[Insert]:
    """The message that brings a new channel its code."""
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
def _guess() -> Update:
    fresh = and_(_c.state == "unverified", _c.code_sent_at > func.now() - literal(CODE_LASTS))
    counted = notification_channels.update().where(*this(), fresh).values(code_failures=_c.code_failures + 1)
    return counted.returning(_c.address, _c.code_sent_at, _c.code_failures)


@statement
def _test(sight: Sight, may_share: bool) -> Select[Any]:
    """A message of its own, due at once; of an unverified channel the code, anew."""
    unverified = _c.state == "unverified"
    again = and_(unverified, _c.code_sent_at < func.now() - literal(CODE_AGAIN))
    woken = (
        notification_channels.update()
        .where(*this(), CHANNEL.visible(sight), theirs(may_share), or_(_c.state == "active", again))
        .values(
            next_at=func.now(),
            code_sent_at=case((unverified, func.now()), else_=_c.code_sent_at),
            code_failures=0,
        )
        .returning(_c.workspace_id, _c.id, _c.user_id, _c.team_id, _c.state)
        .cte("woken")
    )
    occasion = func.replace(func.replace(woken.c.state, "unverified", "code"), "active", "test")
    made = _message(woken, occasion).returning(*notification_messages.c).cte("changed")
    return as_answer(MESSAGE, made)
