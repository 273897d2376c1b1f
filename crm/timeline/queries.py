"""Everything that reads timelines: one statement a page, from the newest month of the log of facts backwards.

Ids of facts are made by Postgres, in the order of time, so they say in which months to look: the page begins at the
cursor, or now, and stops as soon as it is full. Sentences are made here, from the fact as it was written.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import (
    CTE,
    ColumnElement,
    Select,
    Text,
    Uuid,
    all_,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.actor import ActorKind, Sight
from crm.complaints.models import complaints
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import Access, statement
from crm.errors import NotFound, invalid
from crm.facts import events
from crm.interactions.models import interactions
from crm.nouns import this_one
from crm.reading import CUTS, among, between
from crm.tables import utc
from crm.timeline.schemas import TimelineFilter
from crm.timeline.telling import Told, sentence
from crm.timeline.words import SENTENCES
from crm.workspaces.models import api_keys, users

MARGIN = timedelta(hours=1)
"""How far the moment in a fact's id may be from ``occurred_at``, the beginning of its transaction; and clocks."""

WITHHELD = (
    "taboos", "root_cause", "corrective_action", "eight_d", "responsible_id", "rejection_reason",
)  # fmt: skip
"""Fields that only some may read: a timeline does not say how they changed."""

READ_BY: Mapping[str, str] = MappingProxyType({"opportunity": "opportunities:read", "complaint": "complaints:read"})
"""What seeing the customer does not suffice for, with the right that facts about it and what hangs on it ask for."""

MAY_CONCERN_COMPLAINTS = ("complaint", "note", "attachment", "task", "reminder", "survey")

FILTERS = among(events, ["type", "subject_type", "actor_id"]) | between(events, ["occurred_at"])

OLDEST = UUID(int=0)


TALKED = "interaction.logged"


async def page(access: Access, customer_id: UUID, wanted: TimelineFilter, *, chinese: bool) -> bytes:
    """The facts that touch a customer, its people and whoever was merged into it, newest first.

    What the actor has no right to read is left out (``READ_BY``). Raises ``NotFound`` for whom one does not see.
    """
    given = {name: found for name in FILTERS if (found := getattr(wanted, name)) is not None}
    if wanted.type is not None:
        given["type"] = _types(wanted.type)
    present = sorted(given)
    now = datetime.now(UTC)
    before = _first_id(now + MARGIN) if wanted.cursor is None else _read_cursor(wanted.cursor, present)
    if wanted.occurred_at_lte is not None:
        before = min(before, _first_id(wanted.occurred_at_lte + MARGIN))
    since = OLDEST if wanted.occurred_at_gte is None else _first_id(wanted.occurred_at_gte - MARGIN)
    most = next(size for size in CUTS if size >= wanted.limit)
    withheld = [kind for kind, scope in READ_BY.items() if scope not in access.actor.scopes]
    sight, end = access.actor.sight, _end_of_month(now + MARGIN)
    told = "complaint" not in withheld
    found = _page(sight, frozenset(given), most, end, withholds=bool(withheld), complaints_tell=told)
    if withheld:
        given["withheld"] = withheld
    rows = await access.rows(found, id=customer_id, before_id=before, since_id=since, **given)
    if not rows:
        raise NotFound
    facts = [row for row in rows if row["id"] is not None]
    shown = facts[: wanted.limit]
    cursor = _write_cursor(present, shown[-1]["id"]) if len(facts) > wanted.limit else None
    zone = access.actor.timezone
    entries = [_entry(row, chinese=chinese, zone=zone) for row in shown]
    return orjson.dumps({"data": entries, "next_cursor": cursor}, default=str)


def _entry(row: Any, *, chinese: bool, zone: str) -> dict[str, Any]:
    changes = None if row["changes"] is None else orjson.loads(row["changes"])
    told = Told(
        type=row["type"],
        actor=row["actor_name"],
        data=orjson.loads(row["payload"]),
        changes=changes or {},
        former_owner=row["former_owner"],
        chinese=chinese,
        zone=zone,
    )
    return {
        "id": row["id"],
        "type": row["type"],
        "occurred_at": row["occurred_at"],
        "actor": {"kind": row["actor_kind"], "id": row["actor_id"], "name": row["actor_name"]},
        "subject": {"type": row["subject_type"], "id": row["subject_id"]},
        "sentence": sentence(told),
        "changes": changes,
    }


def _types(patterns: list[str]) -> list[str]:
    """The types these patterns mean: ``visit.*`` is every kind of thing that happens to a visit."""
    begins = tuple(one[:-1] for one in patterns if one.endswith("*"))
    return [*patterns, *(kind for kind in SENTENCES if kind.startswith(begins))] if begins else patterns


def _first_id(moment: datetime) -> UUID:
    """The least id that a fact of this moment can have (UUIDv7: milliseconds since 1970 in the first 48 bits)."""
    return UUID(int=max(int(moment.timestamp() * 1000), 0) << 80)


def _end_of_month(moment: datetime) -> UUID:
    """The least id of a fact of the month after."""
    next_month = (moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)).replace(day=1)
    return _first_id(next_month)


def _write_cursor(present: list[str], last: UUID) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([present, str(last)])).rstrip(b"=").decode()


def _read_cursor(text: str, present: list[str]) -> UUID:
    try:
        mark = orjson.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        filters, last = mark
        if filters != present:
            raise invalid("query:cursor", "This cursor belongs to a list with other filters.", "cursor_mismatch")
        return UUID(last)
    except (ValueError, TypeError, AttributeError, binascii.Error) as error:
        raise invalid("query:cursor", "This is not a cursor we gave out.", "cursor_invalid") from error


@statement
def _page(
    sight: Sight, present: frozenset[str], most: int, end: UUID, *, withholds: bool, complaints_tell: bool
) -> Select[Any]:
    """One row a fact; a single row without a fact where the customer is seen and nothing is found.

    The page is cut for each of those who are one customer by now, so that each reads its own facts in their order.
    ``end`` is a literal: Postgres leaves the empty partitions of the months to come out of its plan, which it would
    otherwise read all months for, and sort, because an empty table costs nothing to read in no order.
    """
    home = bindparam("workspace_id", type_=Uuid)
    seen = select(customers.c.id).where(this_one(CUSTOMER, sight)).cte("seen")
    whose = _merged_into(seen)
    own = (
        select(events)
        .where(
            events.c.workspace_id == home,
            events.c.customer_id == whose.c.id,
            events.c.id < literal(end, Uuid),
            events.c.id < bindparam("before_id", type_=Uuid),
            events.c.id >= bindparam("since_id", type_=Uuid),
            *(FILTERS[name] for name in sorted(present)),
            *(_may_be_read() if withholds else ()),
            *(() if sight is Sight.ALL else (~_about_oneself(),)),
            *(() if not complaints_tell else (~_told_by_a_complaint(sight),)),
        )
        .order_by(events.c.id.desc())
        .limit(most + 1)
        .lateral("own")
    )
    fact = select(own).select_from(whose.join(own, true())).order_by(own.c.id.desc()).limit(most + 1).subquery("fact")
    f = fact.c
    person, key, former = users.alias("person"), api_keys.alias("key"), users.alias("former")
    former_id = cast(f.changes[("owner_id", "0")].astext, Uuid)
    found = (
        seen.outerjoin(fact, true())
        .outerjoin(
            person, and_(person.c.workspace_id == home, person.c.id == f.actor_id, f.actor_kind == ActorKind.USER)
        )
        .outerjoin(key, and_(key.c.workspace_id == home, key.c.id == f.actor_id, f.actor_kind == ActorKind.KEY))
        .outerjoin(former, and_(former.c.workspace_id == home, former.c.id == former_id))
    )
    return (
        select(
            f.id,
            f.type,
            utc(f.occurred_at).label("occurred_at"),
            f.actor_kind,
            f.actor_id,
            func.coalesce(person.c.name, key.c.name).label("actor_name"),
            f.subject_type,
            f.subject_id,
            cast(f.payload, Text).label("payload"),
            cast(f.changes.op("-")(cast(literal(list(WITHHELD), ARRAY(Text)), ARRAY(Text))), Text).label("changes"),
            former.c.name.label("former_owner"),
        )
        .select_from(found)
        .order_by(f.id.desc())
    )


def _may_be_read() -> tuple[ColumnElement[bool], ...]:
    withheld = bindparam("withheld", type_=ARRAY(Text))
    hangs_on = func.coalesce(func.json_extract_path_text(events.c.payload, "subject", "type"), "")
    return events.c.subject_type != all_(withheld), hangs_on != all_(withheld)


def _about_oneself() -> ColumnElement[bool]:
    """Of a complaint about the actor, or of what hangs on one: they see neither (``crm.complaints.queries``)."""
    f, c = events.c, complaints.alias("about_oneself").c
    member = func.json_extract_path_text
    named = func.coalesce(
        cast(member(f.payload, "complaint_id"), Uuid), cast(member(f.payload, "subject", "id"), Uuid), f.subject_id
    )
    of_one = exists().where(
        c.workspace_id == f.workspace_id, c.id == named, c.responsible_id == bindparam("actor_id", type_=Uuid)
    )
    return and_(f.subject_type.in_(MAY_CONCERN_COMPLAINTS), of_one)


def _told_by_a_complaint(sight: Sight) -> ColumnElement[bool]:
    """A talk in which a decision was told, to whoever reads of the complaint too: it is told there."""
    f, i, c = events.c, interactions.alias("talk").c, complaints.alias("told_of").c
    of_one = and_(c.workspace_id == i.workspace_id, c.id == i.subject_id)
    if sight is not Sight.ALL:
        of_one = and_(of_one, c.responsible_id.is_distinct_from(bindparam("actor_id", type_=Uuid)))
    talked = exists().where(
        i.workspace_id == f.workspace_id, i.id == f.subject_id, i.subject_type == "complaint", exists().where(of_one)
    )
    return and_(f.type == TALKED, talked)


def _merged_into(seen: CTE) -> CTE:
    """A customer and everyone who was merged into it, or into one of those: what happened to them happened to it."""
    whose = select(seen.c.id).cte("whose", recursive=True)
    loser = customers.alias("loser")
    home = loser.c.workspace_id == bindparam("workspace_id", type_=Uuid)
    return whose.union(select(loser.c.id).where(home, loser.c.merged_into_id == whose.c.id))
