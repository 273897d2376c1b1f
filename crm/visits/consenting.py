"""Whether somebody agreed that the positions of their device are kept (PIPL 29: a consent of its own).

Without it a position serves for the distance at that moment and is not kept. Taking the consent back forgets what was
kept, in the same transaction.
"""

from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Select,
    Text,
    Update,
    Uuid,
    bindparam,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from crm.actor import Sight
from crm.database import Access, Transaction, statement
from crm.nouns import Noun
from crm.recording import record, recorded
from crm.tables import stamps, utc
from crm.visits import events
from crm.visits.consents import LocationConsentSent
from crm.visits.models import location_consents, visits
from crm.visits.retention import kept, without_positions
from crm.workspaces.errors import OnlyForPeople

AT = ("start", "completion")


def shape(consent: FromClause) -> Select[Any]:
    """A person's word on it, once."""
    c = consent.c
    return select(c.id, c.id.label("user_id"), c.status, c.notice_version, *stamps(consent))


def _own(_sight: Sight) -> ColumnElement[bool]:
    mine: ColumnElement[bool] = location_consents.c.id == bindparam("actor_id", type_=Uuid)
    return mine


LOCATION_CONSENT = Noun("location_consent", location_consents, shape, _own, customer=None)


async def get(access: Access) -> bytes:
    """What the caller said of it; ``unasked`` where nothing was said yet. Raises ``OnlyForPeople``."""
    user_id = _person(access)
    row = await access.row(_mine(), user_id=user_id)
    body: dict[str, Any] = {"status": "unasked", "notice_version": None, "updated_at": None}
    return orjson.dumps(body | dict(row or {}))


async def put(tx: Transaction, said: LocationConsentSent) -> bytes:
    """Keep the caller's word on it. Saying it twice is saying it once. Raises ``OnlyForPeople``."""
    given: dict[str, Any] = {"user_id": _person(tx), "status": said.status, "notice_version": said.notice_version}
    await record(tx, events.LOCATION_CONSENT_CHANGED, _keep(), **given)
    if said.status == "withdrawn":
        await tx.rows(_forget(), user_id=given["user_id"])
    return await get(tx)


def _person(access: Access) -> UUID:
    if access.actor.user_id is None:
        raise OnlyForPeople
    return access.actor.user_id


@statement
def _mine() -> Select[Any]:
    c = location_consents.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    updated_at = utc(c.updated_at).label("updated_at")
    return select(c.status, c.notice_version, updated_at).where(at_home, c.id == bindparam("user_id", type_=Uuid))


@statement
def _keep() -> Insert:
    c = location_consents.c
    new = {
        "workspace_id": bindparam("workspace_id", type_=Uuid),
        "id": bindparam("user_id", type_=Uuid),
        "status": bindparam("status", type_=Text),
        "notice_version": bindparam("notice_version", type_=Text),
    }
    said = insert(location_consents).from_select(list(new), select(*new.values()))
    another = or_(c.status != said.excluded.status, c.notice_version != said.excluded.notice_version)
    again = said.on_conflict_do_update(
        index_elements=["workspace_id", "id"],
        set_={
            "status": said.excluded.status,
            "notice_version": said.excluded.notice_version,
            "version": c.version + 1,
            "updated_at": func.now(),
        },
        where=another,
    )
    return recorded(LOCATION_CONSENT, again)


@statement
def _forget() -> Update:
    """The positions of devices that this person carried, on whosever visits."""
    v = visits.c
    at_home = v.workspace_id == bindparam("workspace_id", type_=Uuid)
    which = {at: kept(at) & (v[f"{at}_by_id"] == bindparam("user_id", type_=Uuid)) for at in AT}
    return update(visits).where(at_home, or_(*which.values())).values(**without_positions(which)).returning(v.id)
