"""How a visit looks, and everything that reads visits."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, get_args
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSON

from crm import reading
from crm.actor import Sight
from crm.contacts.models import contacts
from crm.customers.models import customers
from crm.database import Access
from crm.nouns import Answer, Noun, held_by, mention
from crm.reading import Listing, among, between
from crm.tables import stamps, utc
from crm.visits.models import visits
from crm.visits.rules import moves_from
from crm.visits.schemas import VisitFilter
from crm.visits.vocabulary import State
from crm.workspaces.models import users


def shape(visit: FromClause) -> Select[Any]:
    """A visit, once: the answer, the event, the export. No position of a device is part of it (``locating``)."""
    customer, owner, supervisor = customers.alias("customer"), users.alias("owner"), users.alias("supervisor")
    reviewer = users.alias("reviewer")
    c = visit.c

    def joined(other: FromClause, column: str) -> ColumnElement[bool]:
        return and_(other.c.workspace_id == c.workspace_id, other.c.id == c[column])

    return select(
        c.id,
        c.customer_id,
        mention(customer).label("customer"),
        c.opportunity_id,
        c.contact_ids,
        _people(visit, c.contact_ids, contacts).label("contacts"),
        c.owner_id,
        mention(owner).label("owner"),
        c.team_id,
        or_(c.supervisor_id.is_not(None), func.cardinality(c.participant_ids) > 0).label("is_joint"),
        c.participant_ids,
        _people(visit, c.participant_ids, users).label("participants"),
        c.supervisor_id,
        mention(supervisor).label("supervisor"),
        c.kind,
        c.purpose,
        c.subject,
        c.preparation,
        c.state,
        _moves(visit).label("moves"),
        c.unplanned,
        utc(c.planned_start).label("planned_start"),
        utc(c.planned_end).label("planned_end"),
        c.overlap_allowed,
        c.reschedule_count,
        c.reschedule_reason,
        utc(c.started_at).label("started_at"),
        _checked(visit, "start", c.started_at).label("check_in"),
        utc(c.completed_at).label("completed_at"),
        utc(c.reported_at).label("reported_at"),
        _checked(visit, "completion", c.reported_at).label("check_out"),
        c.met_contact_ids,
        _people(visit, c.met_contact_ids, contacts).label("met_contacts"),
        c.result,
        c.customer_feedback,
        c.own_needs_shared,
        c.own_needs,
        c.next_step,
        c.next_visit_id,
        c.cancel_reason,
        c.cancelled_by,
        _reviewed(visit, reviewer).label("review"),
        *stamps(visit),
    ).select_from(
        visit.join(customer, joined(customer, "customer_id"))
        .join(owner, joined(owner, "owner_id"))
        .outerjoin(supervisor, joined(supervisor, "supervisor_id"))
        .outerjoin(reviewer, joined(reviewer, "reviewed_by_id"))
    )


def _people(visit: FromClause, ids: ColumnElement[Any], table: Table) -> ColumnElement[Any]:
    """Who has these ids, in their order."""
    wanted = func.unnest(ids).table_valued("id", with_ordinality="place", name="wanted").render_derived()
    person = table.alias("person")
    here = and_(person.c.workspace_id == visit.c.workspace_id, person.c.id == wanted.c.id)
    found = func.json_agg(mention(person)).aggregate_order_by(wanted.c.place)
    return (
        select(func.coalesce(found, cast(literal_column("'[]'"), JSON)))
        .select_from(wanted.join(person, here))
        .correlate(visit)
        .scalar_subquery()
    )


def _moves(visit: FromClause) -> ColumnElement[Any]:
    """What can be done next: the table of ``rules``, and no review where nobody is to give one."""
    c = visit.c
    by_state = [(c.state == state, _words(moves_from(state))) for state in get_args(State)]
    return case((and_(c.state == "completed", c.supervisor_id.is_(None)), _words(())), *by_state)


def _words(words: Iterable[str]) -> ColumnElement[Any]:
    return cast(literal_column(f"'{json.dumps(list(words))}'"), JSON)


def _checked(visit: FromClause, at: str, heard_at: ColumnElement[Any]) -> ColumnElement[Any]:
    """What the device said at the start or the completion; null where it said nothing."""
    position, device_time = visit.c[f"{at}_position_state"], visit.c[f"{at}_device_time"]
    same = ("clock_off", "accuracy_m", "distance_m", "out_of_range", "out_of_range_reason")
    said = func.json_build_object(
        "device_time", utc(device_time),
        "server_time", utc(heard_at),
        "position", position,
        *(part for name in same for part in (name, visit.c[f"{at}_{name}"])),
    )  # fmt: skip
    reason = visit.c[f"{at}_out_of_range_reason"]
    spoke = or_(position.is_not(None), device_time.is_not(None), reason.is_not(None))
    return case((and_(heard_at.is_not(None), spoke), said))


def _reviewed(visit: FromClause, reviewer: FromClause) -> ColumnElement[Any]:
    c = visit.c
    said = func.json_build_object("review", c.review, "by", mention(reviewer), "at", utc(c.reviewed_at))
    return case((c.state == "reviewed", said))


@cache
def _visible(sight: Sight) -> ColumnElement[bool]:
    """What is one's own or the teams' in sight, and what one goes along to."""
    held = held_by(visits)(sight)
    if sight is Sight.ALL:
        return held
    me = bindparam("actor_id", type_=Uuid)
    return or_(held, visits.c.supervisor_id == me, me == any_(visits.c.participant_ids))


VISIT = Noun("visit", visits, shape, _visible)

LIST = Listing(
    VISIT,
    sorts={"created_at": visits.c.created_at, "planned_start": visits.c.planned_start},
    filters={
        **among(
            visits,
            ["customer_id", "opportunity_id", "owner_id", "team_id", "supervisor_id", "state", "purpose", "kind"],
        ),
        **between(visits, ["planned_start", "created_at"]),
        "unplanned": visits.c.unplanned == bindparam("unplanned", type_=Boolean),
    },
)


async def get(access: Access, visit_id: UUID) -> Answer:
    """One visit. Raises ``NotFound``."""
    return await reading.one(access, VISIT, visit_id)


async def page(access: Access, wanted: VisitFilter) -> bytes:
    """A page of visits."""
    return await reading.page(access, LIST, wanted)
