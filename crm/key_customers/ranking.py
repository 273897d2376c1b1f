"""Looking at all customers of a workspace at once: who deserves what, and where that differs from what they are.

Values in another currency than the workspace's count as nothing, until there are rates. Archived and lost customers
are neither compared nor proposed.
"""

from typing import NamedTuple

from sqlalchemy import (
    CTE,
    ColumnElement,
    Insert,
    Integer,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert

from crm.customers.models import customers
from crm.database import Transaction, statement
from crm.key_customers import events
from crm.key_customers.models import key_proposals
from crm.key_customers.queries import KEY_PROPOSAL
from crm.recording import recorded
from crm.workspaces.models import workspaces

_HOME = bindparam("workspace_id", type_=Uuid)


class Made(NamedTuple):
    """How many proposals were made, how many withdrawn, and whether there may be more to do."""

    made: int
    withdrawn: int
    more: bool


async def propose(tx: Transaction, *, most: int) -> Made:
    """Withdraw the open proposals that do not hold any more and make those that are missing, up to ``most`` of each.

    Doing it again changes nothing. What a manager rejected is not proposed again for some time.
    """
    withdrawn = await tx.rows(_withdraw(), event_type=events.WITHDRAWN, most=most)
    made = await tx.rows(_propose(), event_type=events.MADE, most=most)
    return Made(len(made), len(withdrawn), more=most in {len(made), len(withdrawn)})


def _judged() -> CTE:
    """Every customer with its place, what it deserves (``rules.deserved``) and what to propose (``rules.proposal``)."""
    c = customers.c
    currency = select(workspaces.c.currency).where(workspaces.c.workspace_id == _HOME).scalar_subquery()
    counts = and_(c.yearly_value.is_not(None), c.yearly_value_currency == currency)
    value = case((counts, c.yearly_value), else_=0)
    ranked = (
        select(
            c.id,
            c["class"],
            c.key_kind,
            c.influence,
            value.label("value"),
            currency.label("currency"),
            func.row_number().over(order_by=(value.desc(), c.id)).label("place"),
            func.count().over().label("customers"),
        )
        .where(c.workspace_id == _HOME, c.archived_at.is_(None), c.lifecycle != "lost")
        .cte("ranked")
    )
    r = ranked.c
    places = (r.customers * bindparam("key_customers_share_percent", type_=Integer) + 99) // 100
    high = and_(r.value > 0, r.place <= places)
    influential = func.coalesce(r.influence, 0) >= bindparam("key_customers_influence_from", type_=Integer)
    deserved = case(
        (and_(high, influential), "double"), (high, "high_value"), (influential, "influential"), else_=null()
    )
    deserving = select(*r, deserved.label("deserved")).cte("deserving")
    d = deserving.c
    is_key = d["class"] == "key"
    kind = case(
        (and_(~is_key, d.deserved.is_not(None)), "promote"),
        (and_(is_key, d.deserved.is_(None)), "demote"),
        (and_(is_key, d.key_kind.is_distinct_from(d.deserved)), "change"),
        else_=null(),
    )
    return select(*d, kind.label("kind")).cte("judged")


def _same(judged: CTE) -> ColumnElement[bool]:
    """A proposal that says what would be proposed now."""
    p, j = key_proposals.c, judged.c
    return and_(
        p.workspace_id == _HOME,
        p.customer_id == j.id,
        p.kind == j.kind,
        p.key_kind.is_not_distinct_from(j.deserved),
        p.former_class == j["class"],
        p.former_key_kind.is_not_distinct_from(j.key_kind),
    )


@statement
def _withdraw() -> Insert:
    judged, p = _judged(), key_proposals.c
    holds = exists().where(_same(judged)).correlate(key_proposals)
    stale = (
        select(p.id)
        .where(p.workspace_id == _HOME, p.state == "open", ~holds)
        .order_by(p.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(of=key_proposals)
        .cte("stale")
    )
    withdrawn = update(key_proposals).where(p.workspace_id == _HOME, p.id.in_(select(stale.c.id)))
    return recorded(KEY_PROPOSAL, withdrawn.values(state="withdrawn", decided_at=func.now()))


@statement
def _propose() -> Insert:
    judged, p = _judged(), key_proposals.c
    j = judged.c
    quiet = p.decided_at > func.now() - func.make_interval(
        0, 0, 0, bindparam("key_customers_quiet_days", type_=Integer)
    )
    said = exists().where(_same(judged), or_(p.state == "open", and_(p.state == "rejected", quiet))).correlate(judged)
    columns = {
        "workspace_id": _HOME,
        "customer_id": j.id,
        "kind": j.kind,
        "key_kind": j.deserved,
        "former_class": j["class"],
        "former_key_kind": j.key_kind,
        "place": j.place,
        "customers": j.customers,
        "value": j.value,
        "currency": j.currency,
        "influence": j.influence,
        "state": literal("open"),
    }
    wanted = (
        select(*columns.values())
        .where(j.kind.is_not(None), ~said)
        .order_by(j.place)
        .limit(bindparam("most", type_=Integer))
    )
    new = insert(key_proposals).from_select(list(columns), wanted)
    return recorded(KEY_PROPOSAL, new.on_conflict_do_nothing())
