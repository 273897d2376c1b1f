"""Sessions: each is one sign-in on one device, from the password to the sign-out."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, FromClause, Insert, Select, Update, Uuid, and_, bindparam, func, select, update
from sqlalchemy.sql.selectable import CTE

from crm import reading
from crm.actor import Sight
from crm.database import Access, statement
from crm.nouns import Answer, Noun
from crm.reading import Listing
from crm.recording import changing, explain, record
from crm.tables import stamps, utc
from crm.workspaces import events
from crm.workspaces.credentials import SessionFilter
from crm.workspaces.models import sessions
from crm.workspaces.vocabulary import RevokedBecause


def own(_sight: Sight) -> ColumnElement[bool]:
    """Everyone sees their own sessions and nobody else's."""
    return sessions.c.user_id == bindparam("user_id", type_=Uuid)


def shape(session: FromClause) -> Select[Any]:
    """A session, once; never with what could be used to continue it."""
    c = session.c
    return select(
        c.id,
        c.user_id,
        c.device,
        utc(func.coalesce(c.rotated_at, c.created_at)).label("last_used_at"),
        utc(func.least(c.idle_until, c.valid_until)).label("ends_at"),
        utc(c.revoked_at).label("revoked_at"),
        c.revoked_because,
        *stamps(session),
    ).select_from(session)


SESSION = Noun("session", sessions, shape, own, customer=None)


def alive() -> ColumnElement[bool]:
    """The session can be continued."""
    c = sessions.c
    return and_(c.revoked_at.is_(None), c.valid_until > func.now(), c.idle_until > func.now())


ALIVE = Listing(SESSION, sorts={"created_at": sessions.c.created_at}, filters={"alive": alive()})


async def page(access: Access, wanted: SessionFilter) -> bytes:
    """Where one is signed in."""
    return await reading.page(access, ALIVE, wanted, {}, frozenset({"alive"}))


async def revoke(access: Access, session_id: UUID) -> Answer:
    """End a session of one's own. Ending it twice is ending it once. Raises ``NotFound``."""
    revoked = await record(access, events.SESSION_REVOKED, _revoke(), id=session_id)
    return revoked or await explain(access, SESSION, session_id)


def ended(because: RevokedBecause) -> dict[str, Any]:
    """What changes in a session that ends."""
    return {"revoked_at": func.now(), "revoked_because": because, "successor": None}


def ending(changed: CTE, because: RevokedBecause, *but: ColumnElement[bool]) -> Update:
    """Part of a change of a person: end their sessions, or those for which ``but`` holds."""
    of_theirs = and_(sessions.c.workspace_id == changed.c.workspace_id, sessions.c.user_id == changed.c.id)
    fresh = {"updated_at": func.now(), "version": sessions.c.version + 1}
    return update(sessions).where(of_theirs, sessions.c.revoked_at.is_(None), *but).values(ended(because) | fresh)


@statement
def _revoke() -> Insert:
    return changing(SESSION, Sight.OWN, (), sessions.c.revoked_at.is_(None), values=ended("signed_out"))
