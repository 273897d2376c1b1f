"""Everything that changes comments, and the telling of those who are mentioned."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Insert, Select, Text, Uuid, any_, bindparam, case, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert

from crm.actor import Sight
from crm.comments import events
from crm.comments.errors import CommentIsNotYours, CommentRemoved, CommentTooOld
from crm.comments.models import opportunity_comments
from crm.comments.queries import COMMENT
from crm.comments.schemas import CommentCreate, CommentUpdate
from crm.database import Access, Transaction, statement
from crm.errors import FieldError, Unprocessable, invalid
from crm.notifications.models import notifications
from crm.nouns import Answer, this_one
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.recording import changing, creating, explain, record, renamed
from crm.workspaces.access import acting_within
from crm.workspaces.models import users, workspaces

CHANGEABLE = text("interval '24 hours'")
"""How long whoever wrote a comment may change it."""

LEADS = frozenset({"admin", "manager"})
"""Who may remove what others wrote."""


async def create(tx: Transaction, new: CommentCreate) -> Answer:
    """Say something, and tell whom it mentions.

    Raises 422 for a sale that is not there or archived and for mentioning who does not see it, ``AlreadyExists``.
    """
    values = new.model_dump(exclude_none=True)
    values["mentions"] = list(dict.fromkeys(new.mentions))
    added = await record(tx, events.ADDED, _insert(tx.actor.sight, frozenset(values)), **renamed(values))
    if added is None:
        raise invalid("opportunity_id", "There is no such opportunity in use.", "not_found")
    await _tell(tx, new.opportunity_id, added.id, values["mentions"])
    return added


async def update(tx: Transaction, comment_id: UUID, change: CommentUpdate) -> Answer:
    """Change what was sent, for a day; whoever is mentioned only now is told.

    Raises ``NotFound``, ``Stale``, ``CommentIsNotYours``, ``CommentRemoved``, ``CommentTooOld``, 422 as ``create``.
    """
    values = change.model_dump(exclude_unset=True)
    if "mentions" in values:
        values["mentions"] = list(dict.fromkeys(values["mentions"]))
    wanted = _update(tx.actor.sight, frozenset(values))
    changed = await record(tx, events.UPDATED, wanted, id=comment_id, **renamed(values))
    if changed is None:
        answer = await explain(tx, COMMENT, comment_id)
        row = orjson.loads(answer.body)
        if row["removed_at"] is not None:
            raise CommentRemoved
        if row["author_id"] is None or row["author_id"] != str(tx.actor.user_id):
            raise CommentIsNotYours
        if not await tx.value(_is_young(), id=comment_id):
            raise CommentTooOld
        return answer
    if "mentions" in values:
        row = orjson.loads(changed.body)
        await _tell(tx, UUID(row["opportunity_id"]), comment_id, values["mentions"])
    return changed


async def remove(access: Access, comment_id: UUID) -> Answer:
    """Take a comment back: its words go, that there was one stays. Removing twice is removing once.

    Raises ``NotFound``, ``Stale``, ``CommentIsNotYours`` for who neither wrote it nor leads.
    """
    leads = access.actor.role in LEADS
    removed = await record(access, events.REMOVED, _remove(access.actor.sight, leads=leads), id=comment_id)
    if removed is None:
        answer = await explain(access, COMMENT, comment_id)
        if orjson.loads(answer.body)["removed_at"] is None:
            raise CommentIsNotYours
        return answer
    return removed


async def _tell(tx: Transaction, opportunity_id: UUID, comment_id: UUID, mentions: Sequence[UUID]) -> None:
    """Tell these people, each once for this comment. Raises 422 naming each who does not see the sale."""
    errors = [
        FieldError(f"#/mentions/{place}", "They do not see this opportunity: add them as collaborators.", "cannot_see")
        for place, user_id in enumerate(mentions)
        if not await _sees(tx, user_id, opportunity_id)
    ]
    if errors:
        raise Unprocessable(errors=tuple(errors))
    told = [user_id for user_id in mentions if user_id != tx.actor.user_id]
    if told:
        await tx.rows(_told(), opportunity_id=opportunity_id, comment_id=comment_id, told=told)


async def _sees(tx: Transaction, user_id: UUID, opportunity_id: UUID) -> bool:
    actor = await acting_within(tx, user_id)
    if actor is None or "opportunities:read" not in actor.scopes:
        return False
    return await tx.value(_seen(actor.sight), **{**actor.known, "id": opportunity_id}) is not None


@statement
def _seen(sight: Sight) -> Select[Any]:
    return select(opportunities.c.id).where(this_one(OPPORTUNITY, sight))


@statement
def _insert(sight: Sight, columns: frozenset[str]) -> Insert:
    c = opportunities.c
    in_reach = (
        select(c.id)
        .where(
            c.workspace_id == bindparam("workspace_id", type_=Uuid),
            c.id == bindparam("new_opportunity_id", type_=Uuid),
            c.archived_at.is_(None),
            OPPORTUNITY.visible(sight),
        )
        .exists()
    )
    return creating(COMMENT, columns, values={"author_id": bindparam("user_id", type_=Uuid)}, only_if=in_reach)


@statement
def _update(sight: Sight, columns: frozenset[str]) -> Insert:
    c = opportunity_comments.c
    return changing(
        COMMENT,
        sight,
        columns,
        c.author_id == bindparam("user_id", type_=Uuid),
        c.removed_at.is_(None),
        c.created_at > func.now() - CHANGEABLE,
        values={"edited_at": func.now()},
    )


@statement
def _is_young() -> Select[Any]:
    c = opportunity_comments.c
    return select(c.created_at > func.now() - CHANGEABLE).where(
        c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == bindparam("id", type_=Uuid)
    )


@statement
def _remove(sight: Sight, *, leads: bool) -> Insert:
    c = opportunity_comments.c
    own = () if leads else (c.author_id == bindparam("user_id", type_=Uuid),)
    gone = {"removed_at": func.now(), "text": "", "mentions": text("'{}'::uuid[]")}
    return changing(COMMENT, sight, (), c.removed_at.is_(None), *own, values=gone)


@statement
def _told() -> Insert:
    """A notification for each, in their language; the same comment tells nobody twice."""
    o, author = opportunities.c, users.alias("author")
    who = author.c.name
    actor = select(who).where(
        author.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        author.c.id == bindparam("user_id", type_=Uuid),
    )
    by = func.coalesce(actor.scalar_subquery(), "Rapport")
    language = func.coalesce(users.c.language, workspaces.c.language)
    new = {
        "workspace_id": o.workspace_id,
        "user_id": users.c.id,
        "kind": literal("mention", Text),
        "title": case(
            (language == "en", func.concat(by, " mentioned you in ", o.name, ".")),
            else_=func.concat(by, " 在商机 ", o.name, " 中提到了您。"),
        ),
        "subject_type": literal("opportunity", Text),
        "subject_id": o.id,
        "customer_id": o.customer_id,
        "dedupe_key": func.concat(
            "mention:", cast(bindparam("comment_id", type_=Uuid), Text), ":", cast(users.c.id, Text)
        ),
    }
    found = select(*new.values()).where(
        o.workspace_id == bindparam("workspace_id", type_=Uuid),
        o.id == bindparam("opportunity_id", type_=Uuid),
        users.c.workspace_id == o.workspace_id,
        workspaces.c.workspace_id == o.workspace_id,
        users.c.id == any_(bindparam("told", type_=ARRAY(Uuid))),
    )
    told = insert(notifications).from_select(list(new), found)
    return told.on_conflict_do_nothing(index_elements=["workspace_id", "dedupe_key"])
