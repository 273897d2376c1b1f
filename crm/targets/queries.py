"""How a target looks, and everything that reads targets."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    cast,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm import reading
from crm.actor import Sight
from crm.database import Access
from crm.nouns import Answer, Noun, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.targets.models import targets
from crm.targets.schemas import TargetFilter
from crm.workspaces.models import teams, users


def shape(target: FromClause) -> Select[Any]:
    """A target, once: the answer and the event."""
    owner, team = users.alias("owner"), teams.alias("team")
    c = target.c
    return select(
        c.id,
        c.owner_id,
        mention(owner).label("owner"),
        c.team_id,
        mention(team).label("team"),
        c.kind,
        c.starts_on,
        c.ends_on,
        cast(c.amount, Text).label("amount"),
        utc(c.archived_at).label("archived_at"),
        *stamps(target),
    ).select_from(
        target.outerjoin(owner, and_(owner.c.workspace_id == c.workspace_id, owner.c.id == c.owner_id)).outerjoin(
            team, and_(team.c.workspace_id == c.workspace_id, team.c.id == c.team_id)
        )
    )


@cache
def visible(sight: Sight) -> ColumnElement[bool]:
    """One's own, and the workspace's; with a team's sight those of the teams and of their people."""
    if sight is Sight.ALL:
        return true()
    c, colleague = targets.c, users.alias("colleague")
    own = or_(c.owner_id == bindparam("actor_id", type_=Uuid), and_(c.owner_id.is_(None), c.team_id.is_(None)))
    if sight is Sight.OWN:
        return own
    mine = bindparam("team_ids", type_=ARRAY(Uuid))
    people = select(colleague.c.id).where(
        colleague.c.workspace_id == bindparam("workspace_id", type_=Uuid), colleague.c.team_id == any_(mine)
    )
    return or_(own, c.team_id == any_(mine), c.owner_id.in_(people))


TARGET = Noun("target", targets, shape, visible, customer=None)

LIST = Listing(
    TARGET,
    sorts={"created_at": targets.c.created_at, "starts_on": targets.c.starts_on},
    filters={
        **among(targets, ["owner_id", "team_id", "kind"]),
        **between(targets, ["starts_on"]),
        "archived": targets.c.archived_at.is_not(None) == bindparam("archived", type_=Boolean),
    },
)


async def get(access: Access, target_id: UUID) -> Answer:
    """One target. Raises ``NotFound``."""
    return await reading.one(access, TARGET, target_id)


async def page(access: Access, wanted: TargetFilter) -> bytes:
    """A page of targets, without the archived ones unless they are asked for."""
    return await reading.page(access, LIST, wanted, wanted.given() | {"archived": wanted.archived})
