"""Everything that changes the workspace itself; people, teams, keys and sessions have modules of their own."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Insert

from crm.actor import Sight
from crm.calendars.choosing import check_choice
from crm.database import Transaction, statement
from crm.nouns import Answer
from crm.recording import changing, explain, record, renamed
from crm.workspaces import events
from crm.workspaces.locking import one_at_a_time
from crm.workspaces.queries import WORKSPACE
from crm.workspaces.schemas import WorkspaceUpdate
from crm.workspaces.settings import effective


async def update_workspace(tx: Transaction, change: WorkspaceUpdate) -> Answer:
    """Change what was sent. Raises ``Stale``, and ``Unprocessable`` for settings that cannot hold.

    A new time zone is a fact of its own: whatever was planned by the old one has to be planned again.
    """
    home = tx.actor.workspace_id
    values = change.model_dump(exclude_unset=True)
    await check_choice(tx, values)
    if "settings" in values:
        values["settings"] = merged(await one_at_a_time(tx), values["settings"])
        effective(values["settings"])
    moved = {"timezone": values.pop("timezone")} if "timezone" in values else {}
    answer: Answer | None = None
    checks: dict[str, Any] = {}
    for event_type, part in ((events.WORKSPACE_UPDATED, values), (events.TIMEZONE_CHANGED, moved)):
        if part:
            changed = await record(tx, event_type, _update(frozenset(part)), id=home, **renamed(part), **checks)
            if changed:
                # The version the caller believed in was the one before the first of the two.
                answer, checks = changed, {"if_match": None}
    return answer or await explain(tx, WORKSPACE, home)


def merged(kept: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON merge patch (RFC 7396) applied: null takes away, objects go deeper, anything else replaces."""
    result = dict(kept)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, Mapping):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, Mapping) else {}, value)
        else:
            result[name] = value
    return result


@statement
def _update(columns: frozenset[str]) -> Insert:
    return changing(WORKSPACE, Sight.ALL, columns)
