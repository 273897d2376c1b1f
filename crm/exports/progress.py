"""The statements by which an export is claimed, moved on and finished."""

from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Insert,
    Integer,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from crm.database import statement
from crm.exports.models import exports
from crm.exports.queries import EXPORT
from crm.recording import recorded

LEASE = timedelta(seconds=120)
"""Longer than an export may take (``services.worker.exporting``: 110 s). The last page begins it anew, but putting the
file away may take as long as the rows did: two who take it from each other meanwhile would never end.
"""
KEPT = text("interval '24 hours'")

_CLAIM = tuple(
    exports.c[name]
    for name in (
        "workspace_id", "id", "lease_id", "noun", "format", "filters", "bom", "created_by", "created_by_kind",
    )
)  # fmt: skip


def _mine() -> tuple[ColumnElement[bool], ...]:
    return (
        exports.c.workspace_id == bindparam("workspace_id", type_=Uuid),
        exports.c.id == bindparam("export_id", type_=Uuid),
        exports.c.lease_id == bindparam("lease_id", type_=Uuid),
        exports.c.state == "running",
    )


@statement
def claim() -> Update:
    """Over all workspaces: the one that nobody carries out and that has waited longest."""
    waiting = (
        select(exports.c.workspace_id, exports.c.id)
        .where(
            exports.c.state.in_(["waiting", "running"]),
            or_(exports.c.leased_until.is_(None), exports.c.leased_until <= func.now()),
        )
        .order_by(func.coalesce(exports.c.leased_until, exports.c.created_at))
        .limit(1)
        .with_for_update(skip_locked=True)
        .cte("next_export")
        .prefix_with("MATERIALIZED")
    )
    return (
        update(exports)
        .where(exports.c.workspace_id == waiting.c.workspace_id, exports.c.id == waiting.c.id)
        .values(
            state="running", lease_id=func.uuidv7(), leased_until=func.now() + literal(LEASE), rows_done=0, **_moved()
        )
        .returning(*_CLAIM)
    )


@statement
def advance() -> Update:
    """So many rows are written, and the lease begins anew."""
    done = bindparam("rows", type_=Integer)
    return (
        update(exports)
        .where(*_mine())
        .values(rows_done=done, leased_until=func.now() + literal(LEASE), **_moved())
        .returning(exports.c.id)
    )


@statement
def finish() -> Insert:
    """It is over, with its fact."""
    well = bindparam("well", type_=Boolean)
    over = {
        "state": case((well, "done"), else_="failed"),
        "failure": bindparam("failure", type_=Text),
        "rows": bindparam("rows", type_=Integer),
        "rows_done": func.coalesce(bindparam("rows", type_=Integer), exports.c.rows_done),
        "finished_at": func.now(),
        "expires_at": case((well, func.now() + KEPT)),
        "lease_id": None,
        "leased_until": None,
    }
    return recorded(EXPORT, update(exports).where(*_mine()).values(over))


def _moved() -> dict[str, Any]:
    return {"version": exports.c.version + 1, "updated_at": func.now()}
