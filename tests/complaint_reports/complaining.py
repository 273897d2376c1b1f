"""Complaints put straight into the tables, in whatever state and of whatever day a test about numbers wants them."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from tests.factories import Workspace

_numbers = count(1)

OVER: dict[str, dict[str, Any]] = {
    "closed": {"closed_at": True, "closed_because": "confirmed", "resolved_at": True},
    "resolved": {"resolved_at": True},
}


def noon(day: str) -> datetime:
    """Noon of a day in Shanghai."""
    return datetime.fromisoformat(f"{day}T12:00:00+08:00")


async def put(
    workspace: Workspace, day: str = "2026-03-10", *, at: datetime | None = None, state: str = "received", **more: Any
) -> UUID:
    """A complaint of that day; ``more`` are columns of it."""
    received_at = at or noon(day)
    later = received_at + timedelta(days=1)
    values: dict[str, Any] = {
        "workspace_id": workspace.id,
        "number": f"2026-{next(_numbers):06}",
        "channel": "phone",
        "received_at": received_at,
        "subject": "Marked",
        "state": state,
        **{name: later if value is True else value for name, value in OVER.get(state, {}).items()},
        **more,
    }
    if values.get("cost") is not None:
        values.setdefault("cost_currency", "CNY")
    return UUID(str(await insert(workspace, "complaints", values)))


async def promise(
    workspace: Workspace, complaint_id: UUID, kind: str, state: str, *, due: datetime | None = None
) -> None:
    """A clock of a complaint."""
    started = noon("2026-03-10")
    await insert(
        workspace,
        "sla_clocks",
        {
            "workspace_id": workspace.id,
            "complaint_id": complaint_id,
            "kind": kind,
            "state": state,
            "minutes": 60,
            "started_at": started,
            "due_at": due or started + timedelta(hours=1),
            "stopped_at": started if state in {"met", "met_late", "cancelled"} else None,
            "paused_at": started if state == "paused" else None,
        },
    )


async def step(workspace: Workspace, complaint_id: UUID, name: str) -> None:
    """A step that a complaint took."""
    await insert(
        workspace,
        "complaint_steps",
        {
            "workspace_id": workspace.id,
            "complaint_id": complaint_id,
            "step": name,
            "to_state": "investigating",
            "at": datetime.now(UTC),
            "actor_kind": "user",
        },
    )


async def answered(workspace: Workspace, complaint_id: UUID, *, csat: int, nps: int | None = None) -> None:
    """What somebody said of how it went."""
    await insert(
        workspace,
        "surveys",
        {
            "workspace_id": workspace.id,
            "complaint_id": complaint_id,
            "closing": 0,
            "state": "answered",
            "answered_at": datetime.now(UTC),
            "csat": csat,
            "nps": nps,
        },
    )
    await workspace.owner.execute("UPDATE complaints SET satisfaction = $2 WHERE id = $1", complaint_id, csat)


async def insert(workspace: Workspace, table: str, values: dict[str, Any]) -> Any:
    """A row; its id."""
    names, places = ", ".join(values), ", ".join(f"${n}" for n in range(1, len(values) + 1))
    statement = f"INSERT INTO {table} ({names}) VALUES ({places}) RETURNING id"
    return await workspace.owner.fetchval(statement, *values.values())
