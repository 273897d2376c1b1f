"""Everything that changes feeds: a person has one at a time, and a new one ends the one before."""

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Insert, Select, Uuid, bindparam, func, select, update

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.errors import NotFound, Unavailable
from crm.feeds import events
from crm.feeds.models import calendar_feeds
from crm.feeds.secrets import new_secret
from crm.nouns import Answer, Noun, as_answer
from crm.recording import creating, record, recorded
from crm.tables import stamps, utc
from crm.workspaces.errors import OnlyForPeople
from crm.workspaces.ids import new_id


class NewFeed(NamedTuple):
    """A feed as its owner may see it, and its secret, which is never to be had again."""

    answer: Answer
    secret: str


def shape(feed: FromClause) -> Select[tuple[object, ...]]:
    """A feed, once; never with what its address is made of."""
    c = feed.c
    return select(c.id, c.user_id, utc(c.revoked_at).label("revoked_at"), *stamps(feed))


def _own(_sight: Sight) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = calendar_feeds.c.user_id == bindparam("actor_id", type_=Uuid)
    return mine


FEED = Noun("feed", calendar_feeds, shape, _own, customer=None)


async def get(access: Access) -> Answer:
    """The caller's feed. Raises ``NotFound`` where there is none, ``OnlyForPeople``."""
    row = await access.row(_mine(), user_id=_person(access))
    if row is None:
        raise NotFound
    return Answer(*row)


async def create(tx: Transaction) -> NewFeed:
    """A feed of the caller's, in place of the one there was. Raises ``OnlyForPeople``; ``AlreadyExists`` in a race."""
    user_id = _person(tx)
    await record(tx, events.REVOKED, _end(), user_id=user_id)
    feed_id = await new_id(tx)
    secret, secret_hash = new_secret(tx.actor.workspace_id, feed_id)
    given = {"new_id": feed_id, "new_user_id": user_id, "new_secret_hash": secret_hash}
    created = await record(tx, events.CREATED, _create(), refusals=None, **given)
    if created is None:
        raise Unavailable
    return NewFeed(created, secret)


async def revoke(access: Access) -> Answer:
    """End the caller's feed at once. Raises ``NotFound`` where there is none, ``OnlyForPeople``."""
    ended = await record(access, events.REVOKED, _end(), user_id=_person(access))
    if ended is None:
        raise NotFound
    return ended


def _person(access: Access) -> UUID:
    if access.actor.user_id is None:
        raise OnlyForPeople
    return access.actor.user_id


@statement
def _mine() -> Select[tuple[object, ...]]:
    return as_answer(FEED, calendar_feeds.select().where(_living()).subquery("calendar_feeds"))


@statement
def _create() -> Insert:
    return creating(FEED, ("id", "user_id", "secret_hash"))


@statement
def _end() -> Insert:
    return recorded(FEED, update(calendar_feeds).where(_living()).values(revoked_at=func.now()))


def _living() -> ColumnElement[bool]:
    c = calendar_feeds.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return at_home & (c.user_id == bindparam("user_id", type_=Uuid)) & c.revoked_at.is_(None)
