"""Sales put straight into the tables, in whatever state a test about numbers wants them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.factories import Workspace

ZONE = ZoneInfo("Asia/Shanghai")

INSERT = """
INSERT INTO opportunities (
    workspace_id, name, pipeline_id, stage_id, state, amount, currency, expected_close_on, owner_id, team_id, opened_on,
    closed_at, closed_on, lost_reason, customer_id, resume_on, stage_entered_at, probability, forecast_category,
    next_step, close_date_moves, last_activity_at)
SELECT
    $1, $2, s.pipeline_id, s.id, $4, $5, CASE WHEN $5::numeric IS NOT NULL THEN $6 END, $7, $8,
    (SELECT team_id FROM users WHERE workspace_id = $1 AND id = $8), $9,
    $10, $19::date, $11, $12, $13, $14, $15, $16, $17, $18, $20
FROM pipeline_stages AS s JOIN pipelines AS p ON p.workspace_id = s.workspace_id AND p.id = s.pipeline_id
WHERE s.workspace_id = $1 AND s.key = $3 AND p.is_default
RETURNING id
"""


def today() -> date:
    """The day it is in the workspace."""
    return datetime.now(UTC).astimezone(ZONE).date()


async def put(
    workspace: Workspace,
    stage: str = "new",
    amount: str | None = "1000.00",
    *,
    state: str = "open",
    currency: str = "CNY",
    expected: date | None = None,
    closed: date | None = None,
    opened: date | None = None,
    owner: Any = None,
    customer_id: str | None = None,
    lost_reason: str = "price",
    entered_days_ago: int = 0,
    probability: str | None = None,
    category: str | None = None,
    next_step: str | None = "Call",
    moves: int = 0,
    silent_days: int = 0,
) -> str:
    """A sale like this; it closes today, or is expected to, unless it is said when."""
    now = datetime.now(UTC)
    is_over = state in {"won", "lost"}
    day = closed or today()
    # Noon, so that the day is the same in UTC and at home.
    closed_at = datetime(day.year, day.month, day.day, 4, tzinfo=UTC) if is_over else None
    made: UUID = await workspace.owner.fetchval(
        INSERT,
        workspace.id,
        f"Sale of {amount}",
        stage,
        state,
        amount,
        currency,
        expected or today(),
        (owner or workspace.anna).id,
        opened or today() - timedelta(days=10),
        closed_at,
        lost_reason if state == "lost" else None,
        customer_id,
        today() + timedelta(days=5) if state == "on_hold" else None,
        now - timedelta(days=entered_days_ago),
        probability,
        category,
        next_step,
        moves,
        day if is_over else None,
        now - timedelta(days=silent_days),
    )
    return str(made)
