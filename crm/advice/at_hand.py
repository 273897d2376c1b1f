"""The advice for what can be done with a complaint now: by its state and the table of the path, in the usual order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, Text, Uuid, bindparam, cast, func, select

from crm.actor import Sight
from crm.advice.models import complaint_advice
from crm.advice.queries import STEPS, shown
from crm.complaints import rules
from crm.complaints.models import complaints
from crm.complaints.queries import COMPLAINT
from crm.complaints.vocabulary import State, Step
from crm.database import Access, statement
from crm.errors import NotFound
from crm.nouns import this_one
from crm.tables import utc

ASIDE: frozenset[Step] = frozenset({"wait_customer", "send_back", "refuse", "reject", "withdraw", "reopen"})
"""Steps that lead off the way on which most complaints go."""


def usual(state: State) -> Sequence[Step]:
    """The steps that people take from a state: those that lead on, those that lead nowhere, those that lead aside."""

    def place(step: Step) -> tuple[bool, bool, int]:
        return step in ASIDE, rules.STEPS[state, step].target == state, STEPS.index(step)

    return sorted((step for at, step in rules.STEPS if at == state and step in rules.ASKED_FOR), key=place)


async def at_hand(access: Access, complaint_id: UUID) -> bytes:
    """The complaint as far as one must know it on the phone, and the advice for its next steps. Raises ``NotFound``."""
    row = await access.row(_at_hand(access.actor.sight), id=complaint_id)
    if row is None:
        raise NotFound
    kept = {one["step"]: one for one in orjson.loads(row["kept"] or "[]")}
    answer = {
        "complaint_id": complaint_id,
        **{name: row[name] for name in ("number", "state", "remedy_sought")},
        "data": [shown(step, kept.get(step)) for step in usual(row["state"]) if step != "identify" or row["sender"]],
    }
    return orjson.dumps(answer)


@statement
def _at_hand(sight: Sight) -> Select[Any]:
    a, c = complaint_advice.c, complaints.c
    own = select(
        a.step, a.checklist, a.avoid, a.is_default, utc(a.updated_at).label("updated"), a.version
    ).where(a.workspace_id == bindparam("workspace_id", type_=Uuid)).subquery("own")  # fmt: skip
    kept = select(func.json_agg(func.row_to_json(own.table_valued()))).scalar_subquery()
    columns = [c.number, c.state, c.sender, c.remedy_sought, cast(kept, Text).label("kept")]
    return select(*columns).where(this_one(COMPLAINT, sight))
