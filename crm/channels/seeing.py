"""Whether somebody may still be told: they are active, have not read it by now, and see what it is about."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import ActorKind, Sight
from crm.channels.letters import Item
from crm.channels.vocabulary import DroppedBecause
from crm.complaints.queries import COMPLAINT
from crm.contacts.queries import CONTACT
from crm.customers.queries import CUSTOMER
from crm.database import Database, statement
from crm.nouns import Noun
from crm.opportunities.queries import OPPORTUNITY
from crm.tasks.queries import TASK
from crm.visits.queries import VISIT
from crm.workspaces.access import acting_for

SUBJECTS: Mapping[str, Noun] = MappingProxyType(
    {noun.name: noun for noun in (TASK, VISIT, CUSTOMER, CONTACT, OPPORTUNITY, COMPLAINT)}
)
"""What a notification can be about and not everybody may see. What stands here not is one's own affair."""


async def not_to_be_told(database: Database, workspace_id: UUID, items: Sequence[Item]) -> dict[UUID, DroppedBecause]:
    """Which of these notifications are not to be told any more, and why."""
    found: dict[UUID, DroppedBecause] = {item.id: "read" for item in items if item.read_at is not None}
    theirs: defaultdict[UUID, list[Item]] = defaultdict(list)
    for item in items:
        if item.id not in found:
            theirs[item.user_id].append(item)
    for user_id, own in theirs.items():
        actor = await acting_for(database, workspace_id, ActorKind.USER, user_id)
        if actor is None:
            found |= {item.id: "user_disabled" for item in own}
            continue
        for noun in {SUBJECTS[item.subject_type] for item in own if item.subject_type in SUBJECTS}:
            about = {item.id: item.subject_id for item in own if item.subject_type == noun.name}
            rows = await database.writing(actor).rows(_seen(noun, actor.sight), ids=list(set(about.values())))
            seen = {row["id"] for row in rows}
            found |= {one: "not_visible" for one, subject_id in about.items() if subject_id not in seen}
    return found


@statement
def _seen(noun: Noun, sight: Sight) -> Select[Any]:
    table = noun.table
    at_home = table.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(table.c.id).where(
        at_home, table.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))), noun.visible(sight)
    )
