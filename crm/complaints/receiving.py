"""How a complaint comes in: numbered, linked to what it repeats, its clocks started, and told of."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    cast,
    extract,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.selectable import CTE

from crm.actor import Sight
from crm.complaints import clocks, pointing, standing, telling
from crm.complaints.clocks import Timed
from crm.complaints.errors import AssigneeIsResponsible
from crm.complaints.events import RECEIVED
from crm.complaints.models import ASSIGNEE_IS_NOT_RESPONSIBLE, complaint_numbers, complaint_steps
from crm.complaints.queries import COMPLAINT
from crm.complaints.repeating import repeat_of
from crm.complaints.schemas import ComplaintCreate
from crm.customers.models import customers
from crm.customers.queries import in_reach, out_of_reach
from crm.database import Transaction, statement
from crm.errors import Unavailable, invalid
from crm.nouns import Answer
from crm.recording import creating, record, renamed
from crm.tables import Moment
from crm.workspaces.colleagues import team_of
from crm.workspaces.ids import new_id

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far a caller's clock may be ahead of ours."""

SUBJECT = 200
"""Letters of a description that stand for the subject where none was given."""

REFUSALS = {f"ck_complaints_{ASSIGNEE_IS_NOT_RESPONSIBLE}": AssigneeIsResponsible}


async def receive(tx: Transaction, new: ComplaintCreate) -> Answer:
    """Take a complaint down, and say which earlier ones it repeats.

    Raises 422 for a customer, contact, visit, sale, product, person or team who is not there and for a moment that is
    to come or too long ago, ``CustomerArchived``, ``AssigneeIsResponsible``, ``AlreadyExists``.
    """
    values = new.model_dump(exclude_none=True)
    values["received_at"] = _moment(tx, new.received_at)
    return await standing.received(tx, await take_down(tx, values))


async def take_down(tx: Transaction, values: Mapping[str, Any]) -> Answer:
    """A new complaint with these values, which every door of the product goes through.

    ``received_at``, ``channel`` and a subject or a description are given. Raises as ``receive`` does.
    """
    values = dict(values)
    values.setdefault("subject", beginning_of(values.get("description", "")))
    values.setdefault("category", "other")
    values.setdefault("severity", "medium")
    id_ = values.setdefault("id", await new_id(tx))
    await pointing.must_be_there(tx, values)
    if repeated := await repeat_of(
        tx,
        id_,
        customer_id=values.get("customer_id"),
        product_id=values.get("product_id"),
        category=values["category"],
        cause_kind=None,
        received_at=values["received_at"],
    ):
        values["repeat_of_id"] = repeated
    values["team_id"] = await tx.value(
        _team(), **{f"of_{name}": values.get(name) for name in ("team_id", "assignee_id", "customer_id")}
    )
    timed = Timed(
        id=id_,
        received_at=values["received_at"],
        severity=values["severity"],
        category=values["category"],
        customer_id=values.get("customer_id"),
        assignee_id=values.get("assignee_id"),
        team_id=values["team_id"],
        cycle=1,
    )
    values["due_at"] = await clocks.turn(tx, "receive", timed, None)
    # Last, because others wait for theirs until this one is written.
    values["number"] = await _number(tx, values["received_at"])
    insert_ = _received(tx.actor.sight, frozenset(values))
    received = await record(tx, RECEIVED, insert_, refusals=REFUSALS, **renamed(values))
    if received is None:
        if "customer_id" in values and (problem := await out_of_reach(tx, values["customer_id"])):
            raise problem
        raise Unavailable
    await telling.tell(tx, "receive", received.id)
    return received


def beginning_of(description: str) -> str:
    """The first line of a description, as far as a subject goes."""
    first = next((line.strip() for line in description.splitlines() if line.strip()), description.strip())
    return first if len(first) <= SUBJECT else f"{first[: SUBJECT - 1]}…"


def _moment(tx: Transaction, given: datetime | None) -> datetime:
    now = datetime.now(UTC)
    if given is None:
        return now
    if given - now > CLOCKS_DIFFER:
        raise invalid("received_at", "This has not happened yet.", "in_the_future")
    if now - given > timedelta(days=tx.actor.settings["complaints"]["late_days"]):
        raise invalid("received_at", "This is longer ago than complaints are taken down afterwards.", "too_long_ago")
    return min(given, now)


async def _number(tx: Transaction, received_at: datetime) -> str:
    """The next number of its year; whoever takes the next one waits until this one is written, or given back."""
    row = await tx.row(_next(), received_at=received_at)
    if row is None:
        raise LookupError("a counter always counts")
    return f"{row['year']}-{row['last']:06}"


@statement
def _next() -> Insert:
    zone = bindparam("timezone", type_=Text)
    year = cast(extract("year", func.timezone(zone, bindparam("received_at", type_=Moment))), Integer)
    first = insert(complaint_numbers).from_select(
        ["workspace_id", "year", "last"], select(bindparam("workspace_id", type_=Uuid), year, literal(1))
    )
    return first.on_conflict_do_update(
        index_elements=["workspace_id", "year"], set_={"last": complaint_numbers.c.last + 1}
    ).returning(complaint_numbers.c.year, complaint_numbers.c.last)


@statement
def _team() -> Select[Any]:
    """The team that was given, else the assignee's, else the customer's."""
    home = bindparam("workspace_id", type_=Uuid)
    of_customer = select(customers.c.team_id).where(
        customers.c.workspace_id == home, customers.c.id == bindparam("of_customer_id", type_=Uuid)
    )
    given = bindparam("of_team_id", type_=Uuid)
    return select(func.coalesce(given, team_of(bindparam("of_assignee_id", type_=Uuid)), of_customer.scalar_subquery()))


@statement
def _received(sight: Sight, columns: frozenset[str]) -> Insert:
    only_if = in_reach(sight, bindparam("new_customer_id", type_=Uuid)) if "customer_id" in columns else None
    values: dict[str, ColumnElement[Any]] = {"received_by": bindparam("user_id", type_=Uuid)}
    return creating(COMPLAINT, columns, values=values, only_if=only_if, also=_first_step)


def _first_step(changed: CTE) -> Iterable[Insert]:
    c = changed.c
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "complaint_id": c.id,
        "step": literal("receive", Text),
        "from_state": cast(null(), Text),
        "to_state": c.state,
        "at": literal_column("now()"),
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
    }
    return [insert(complaint_steps).from_select(list(row), select(*row.values()).select_from(changed))]
