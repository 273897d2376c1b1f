"""What changes hands, as statements over sets: each row that goes along with its customer, and its fact."""

from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Insert,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    exists,
    func,
    or_,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.complaints.rules import OPEN as OPEN_COMPLAINTS
from crm.complaints.taking import written
from crm.customers.models import customers
from crm.customers.queries import CUSTOMER
from crm.database import statement
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.rules import before as workable_states
from crm.recording import recorded
from crm.tables import at_home
from crm.tasks.models import tasks
from crm.tasks.queries import TASK
from crm.tasks.reminding import remind_anew
from crm.visits.models import visits
from crm.visits.moving import in_turn
from crm.visits.queries import VISIT
from crm.visits.rules import after, before
from crm.workspaces.colleagues import team_of

TASKS_THAT_GO_ALONG = (
    "contact_due", "next_step", "birthday", "callback", "revisit", "card_review", "contract_expiry",
)  # fmt: skip
"""Those that the owner has for being the owner: promised with a visit, or made by care and by rules."""


def _to() -> ColumnElement[Any]:
    return bindparam("to", type_=Uuid)


def _former(name: str = "former") -> FromClause:
    """Each customer with the owner it had."""
    arrays = [bindparam(name, type_=ARRAY(Uuid)) for name in ("customer_ids", "owner_ids")]
    return func.unnest(*arrays).table_valued("customer_id", "owner_id", name=name).render_derived()


@statement
def move_customers() -> Insert:
    """The customers themselves, with the reason."""
    moved = (
        update(customers)
        .where(at_home(customers), customers.c.id == any_(bindparam("ids", type_=ARRAY(Uuid))))
        .values(owner_id=_to(), team_id=team_of(_to()))
    )
    return recorded(CUSTOMER, moved, noting={"reason": bindparam("reason", type_=Text)})


@statement
def move_tasks() -> Insert:
    """Open tasks that the owner has for being the owner."""
    former = _former()
    moved = (
        update(tasks)
        .where(
            at_home(tasks),
            tasks.c.customer_id == former.c.customer_id,
            tasks.c.assignee_id == former.c.owner_id,
            tasks.c.state == "open",
            tasks.c.kind.in_(TASKS_THAT_GO_ALONG),
        )
        .values(assignee_id=_to(), team_id=team_of(_to()))
    )
    return recorded(TASK, moved, also=remind_anew)


@statement
def move_opportunities() -> Insert:
    """Sales that are not over; whoever helped with one goes on to."""
    former, o = _former(), opportunities.c
    moved = (
        update(opportunities)
        .where(
            at_home(opportunities),
            o.customer_id == former.c.customer_id,
            o.owner_id == former.c.owner_id,
            o.archived_at.is_(None),
            o.state.in_(workable_states("update")),
        )
        .values(owner_id=_to(), team_id=team_of(_to()))
    )
    return recorded(OPPORTUNITY, moved)


@statement
def move_complaints() -> Insert:
    """Complaints that are not over and that the former owner looked into; never to whom one is about."""
    former, c = _former(), complaints.c
    moved = (
        update(complaints)
        .where(
            at_home(complaints),
            c.customer_id == former.c.customer_id,
            c.assignee_id == former.c.owner_id,
            c.state.in_(OPEN_COMPLAINTS),
            c.responsible_id.is_distinct_from(_to()),
        )
        .values(assignee_id=_to(), team_id=func.coalesce(team_of(_to()), c.team_id))
    )
    return recorded(COMPLAINT, moved, also=partial(written, "assign"))


@statement
def move_visits() -> Insert:
    """Whoever takes a visit over confirms it anew, and sorts out what they have at the same time."""
    former, v = _former(), visits.c
    moved = (
        update(visits)
        .where(
            at_home(visits),
            v.customer_id == former.c.customer_id,
            v.owner_id == former.c.owner_id,
            v.state.in_(before("hand_over")),
            in_turn(_to()),
        )
        .values(
            owner_id=_to(),
            team_id=team_of(_to()),
            state=after("hand_over"),
            supervisor_id=func.nullif(v.supervisor_id, _to()),
            overlap_allowed=or_(v.overlap_allowed, _busy()),
        )
    )
    return recorded(VISIT, moved)


def _busy() -> ColumnElement[bool]:
    """At the time of the visit the new owner has another, or is handed one by the same statement."""
    other, former = visits.alias("other"), _former("others_former")
    o = other.c
    along = exists().where(former.c.customer_id == o.customer_id, former.c.owner_id == o.owner_id)
    return exists().where(
        at_home(other),
        o.id != visits.c.id,
        or_(o.owner_id == _to(), and_(o.state.in_(before("hand_over")), along)),
        o.state.in_(("planned", "confirmed", "in_progress")),
        o.planned_start < visits.c.planned_end,
        o.planned_end > visits.c.planned_start,
    )
