"""Contracts that are over: told once, and the sale of the next one begun (``domain.md`` A120, C2).

The renewal is a sale to the same customer, of the same owner and team, in the first stage of the same pipeline, or of
the default one where that is out of use. Nobody renews what is over for longer than ``LATE`` days, as in files of old
sales, nor with a customer who is put aside; and nobody where the setting ``opportunities.renewals`` is off.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    case,
    cast,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY

from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.days import today
from crm.opportunities import events, history
from crm.opportunities.grades import review_every
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.pipelines.models import pipeline_stages, pipelines
from crm.recording import recorded

LATE = 90
NAMED = {"en": ": renewal", "zh-CN": "：续约"}
LONGEST_NAME = 200


async def expire(tx: Transaction, *, most: int) -> int:
    """Tell a batch of the contracts that are over by now, and begin their renewals; how many were told."""
    rows = await tx.rows(_expire(), event_type=events.CONTRACT_EXPIRED, most=most)
    if rows and tx.actor.settings["opportunities"]["renewals"] == "on":
        await _begin(tx, [row["subject_id"] for row in rows])
    return len(rows)


async def _begin(tx: Transaction, expired: Sequence[UUID]) -> None:
    await tx.rows(
        _renew(),
        event_type=events.CREATED,
        expired=list(expired),
        late=LATE,
        suffix=NAMED.get(tx.actor.language, NAMED["en"]),
        review_days=review_every("C", tx.actor.settings),
    )


@statement
def _expire() -> Insert:
    c = opportunities.c
    home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    over = and_(c.state == "won", c.contract_expired_at.is_(None), c.contract_ends_on < today())
    found = select(c.id).where(home, over, c.archived_at.is_(None)).order_by(c.contract_ends_on, c.id)
    due = found.limit(bindparam("most", type_=Integer)).with_for_update(skip_locked=True).cte("due")
    told = update(opportunities).where(home, c.id.in_(select(due.c.id))).values(contract_expired_at=func.now())
    return recorded(OPPORTUNITY, told)


@statement
def _renew() -> Insert:
    old = opportunities.alias("old")
    o, home = old.c, bindparam("workspace_id", type_=Uuid)
    stage = _first_stage(o).lateral("stage")
    suffix = bindparam("suffix", type_=Text)
    name = func.left(o.name, LONGEST_NAME - func.length(suffix)).concat(suffix)
    new: dict[str, ColumnElement[Any]] = {
        "workspace_id": home,
        "customer_id": o.customer_id,
        # The renewal of a renewal is called so already.
        "name": case((o.renewal_of_id.is_not(None), o.name), else_=name),
        "pipeline_id": stage.c.pipeline_id,
        "stage_id": stage.c.id,
        "owner_id": o.owner_id,
        "team_id": o.team_id,
        "collaborator_ids": o.collaborator_ids,
        "opened_on": today(),
        "review_due_on": on_a_working_day(today() + bindparam("review_days", type_=Integer)),
        "last_activity_at": func.now(),
        "renewal_of_id": o.id,
    }
    its_customer = customers.alias("its_customer")
    known = and_(its_customer.c.workspace_id == home, its_customer.c.id == o.customer_id)
    late = cast(today() - bindparam("late", type_=Integer), Date)
    rows = (
        select(*new.values())
        .select_from(old.join(its_customer, known).join(stage, stage.c.id.is_not(None)))
        .where(o.workspace_id == home, o.id == any_(bindparam("expired", type_=ARRAY(Uuid))))
        .where(o.contract_ends_on >= late, its_customer.c.archived_at.is_(None))
    )
    return recorded(OPPORTUNITY, insert(opportunities).from_select(list(new), rows), also=history.began)


def _first_stage(o: Any) -> Select[Any]:
    """Where a sale begins in this pipeline, or else in the default one."""
    home = bindparam("workspace_id", type_=Uuid)
    s, p = pipeline_stages.c, pipelines.c
    return (
        select(s.id, s.pipeline_id)
        .select_from(pipeline_stages.join(pipelines, and_(p.workspace_id == home, p.id == s.pipeline_id)))
        .where(s.workspace_id == home, p.archived_at.is_(None), or_(p.id == o.pipeline_id, p.is_default))
        .order_by((p.id == o.pipeline_id).desc(), s.place)
        .limit(1)
    )
