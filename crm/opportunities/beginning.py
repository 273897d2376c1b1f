"""How an opportunity begins: in which pipeline and stage, and through which gates."""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    bindparam,
    cast,
    func,
    literal,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from crm.actor import Sight
from crm.customers.queries import in_reach
from crm.database import Access, statement
from crm.days import today
from crm.errors import Unavailable, invalid
from crm.opportunities import gates, history
from crm.opportunities.errors import GatesUnmet
from crm.opportunities.models import opportunities
from crm.opportunities.queries import OPPORTUNITY
from crm.opportunities.reviews import on_a_working_day
from crm.pipelines.models import pipeline_stages, pipelines
from crm.recording import creating, renamed
from crm.workspaces.colleagues import team_of

JUDGED = (
    "id", "customer_id", "amount", "expected_close_on", "next_step", "money", "authority", "need", "checks",
)  # fmt: skip
"""What gates look at."""


@statement
def begun(sight: Sight, columns: frozenset[str], *, named: bool) -> Insert:
    """A new opportunity, where its customer is in reach and the gates up to its stage are passed."""
    values = {
        "pipeline_id": _pipeline(given="pipeline_id" in columns),
        "stage_id": _stage(columns, named=named, what="id"),
        "review_due_on": on_a_working_day(today() + bindparam("review_days", type_=Integer)),
        "last_activity_at": func.now(),
    }
    if "team_id" not in columns and "owner_id" in columns:
        values["team_id"] = team_of(bindparam("new_owner_id", type_=Uuid))
    place = _stage(columns, named=named, what="place")
    may = and_(
        _stage(columns, named=named, what="id").is_not(None),
        ~gates.missing(_as_it_would_be(columns), after=literal(0, Integer), until=place).exists(),
    )
    if "customer_id" in columns:
        may = in_reach(sight, bindparam("new_customer_id", type_=Uuid)) & may
    return creating(OPPORTUNITY, columns - {"pipeline_id"}, values=values, only_if=may, also=history.began)


async def refuse(access: Access, values: Mapping[str, Any], stage: str | None) -> None:
    """Raise why an opportunity with these values could not begin."""
    columns = frozenset(values)
    found = await access.row(_standing(columns, named=stage is not None), stage=stage, **renamed(values))
    if found is None or found["pipeline_id"] is None:
        raise invalid("pipeline_id", "There is no such pipeline in use.", "not_found")
    if found["stage_id"] is None:
        raise invalid("stage", "The pipeline has no such stage.", "not_found")
    if found["missing"]:
        raise GatesUnmet(missing=[gates.in_words(name) for name in found["missing"]])
    raise Unavailable


@statement
def _standing(columns: frozenset[str], *, named: bool) -> Select[Any]:
    place = _stage(columns, named=named, what="place")
    names = gates.missing(_as_it_would_be(columns), after=literal(0, Integer), until=place)
    return select(
        _pipeline(given="pipeline_id" in columns).label("pipeline_id"),
        _stage(columns, named=named, what="id").label("stage_id"),
        func.array(names.scalar_subquery()).label("missing"),
    )


def _pipeline(*, given: bool) -> ColumnElement[Any]:
    """The pipeline named, where it is in use, or the default one; null where there is none."""
    c = pipelines.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    wanted = c.id == bindparam("new_pipeline_id", type_=Uuid) if given else c.is_default
    return select(c.id).where(at_home, wanted, c.archived_at.is_(None)).scalar_subquery()


def _stage(columns: frozenset[str], *, named: bool, what: str) -> ColumnElement[Any]:
    """The id or the place of the stage to begin in."""
    c = pipeline_stages.c
    at_home = c.workspace_id == bindparam("workspace_id", type_=Uuid)
    found = select(c[what]).where(at_home, c.pipeline_id == _pipeline(given="pipeline_id" in columns))
    if named:
        return found.where(c.key == bindparam("stage", type_=Text)).scalar_subquery()
    return found.order_by(c.place).limit(1).scalar_subquery()


def _as_it_would_be(columns: frozenset[str]) -> Any:
    """The columns that gates look at, of the opportunity that is to begin."""
    found: dict[str, ColumnElement[Any]] = {
        name: bindparam(f"new_{name}", type_=opportunities.c[name].type)
        if name in columns
        else cast(null(), opportunities.c[name].type)
        for name in JUDGED
    }
    if "checks" not in columns:
        found["checks"] = cast(literal_column("'{}'"), JSONB)
    home = bindparam("workspace_id", type_=Uuid)
    return SimpleNamespace(workspace_id=home, pipeline_id=_pipeline(given="pipeline_id" in columns), **found)
