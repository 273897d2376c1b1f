"""Where an opportunity has been: a row for each move, written with it, and how they are read."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Insert,
    Text,
    Uuid,
    bindparam,
    cast,
    extract,
    func,
    insert,
    literal,
    null,
    select,
)
from sqlalchemy.sql.selectable import CTE

from crm.opportunities.models import opportunity_moves
from crm.tables import Moment


def began(changed: CTE) -> Iterable[Insert]:
    """The first row: where a new opportunity begins."""
    c = changed.c
    return [
        _written(
            changed,
            move=literal("create", Text),
            from_state=cast(null(), Text),
            from_stage_id=cast(null(), Uuid),
            moved_at=c.stage_entered_at,
            seconds_in_stage=cast(null(), BigInteger),
            reason=cast(null(), Text),
        )
    ]


def moved(move: str, changed: CTE) -> Iterable[Insert]:
    """The row of a move, with how long the opportunity was where it came from; parameter ``reason``."""
    old = changed.c.old_row
    entered = cast(old["stage_entered_at"].astext, Moment)
    return [
        _written(
            changed,
            move=literal(move, Text),
            from_state=old["state"].astext,
            from_stage_id=cast(old["stage_id"].astext, Uuid),
            moved_at=func.now(),
            seconds_in_stage=cast(func.greatest(func.floor(extract("epoch", func.now() - entered)), 0), BigInteger),
            reason=bindparam("reason", type_=Text),
        )
    ]


def _written(changed: CTE, **said: ColumnElement[Any]) -> Insert:
    c = changed.c
    row: dict[str, ColumnElement[Any]] = {
        "workspace_id": c.workspace_id,
        "opportunity_id": c.id,
        "to_state": c.state,
        "to_stage_id": c.stage_id,
        "actor_kind": bindparam("actor_kind", type_=Text),
        "actor_id": bindparam("actor_id", type_=Uuid),
        **said,
    }
    return insert(opportunity_moves).from_select(list(row), select(*row.values()).select_from(changed))
