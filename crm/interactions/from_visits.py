"""A completed visit is an interaction too: the one kind that nobody logs by hand."""

from datetime import datetime
from uuid import UUID, uuid5

from sqlalchemy import Insert, Uuid, bindparam, literal, select
from sqlalchemy.dialects.postgresql import insert

from crm.database import Transaction, statement
from crm.interactions import events
from crm.interactions.models import interactions
from crm.interactions.queries import INTERACTION
from crm.nouns import Answer
from crm.recording import record, recorded, renamed

_GIVEN = ("id", "customer_id", "contact_id", "user_id", "occurred_at")


async def keep_visit(
    tx: Transaction, visit_id: UUID, *, customer_id: UUID, contact_id: UUID | None, user_id: UUID, occurred_at: datetime
) -> Answer | None:
    """Write down that the visit took place, which counts as a contact. None when that was written down before."""
    values = {"customer_id": customer_id, "contact_id": contact_id, "user_id": user_id, "occurred_at": occurred_at}
    return await record(tx, events.LOGGED, _keep(), **renamed({"id": uuid5(visit_id, "interaction"), **values}))


@statement
def _keep() -> Insert:
    # The id follows from the visit's, so a visit leaves one interaction however often it is told of.
    new = {name: bindparam(f"new_{name}", type_=interactions.c[name].type) for name in _GIVEN}
    said = {"channel": "visit", "direction": "outbound", "outcome": "reached", "counts_as_contact": True}
    row = select(bindparam("workspace_id", type_=Uuid), *new.values(), *(literal(value) for value in said.values()))
    kept = insert(interactions).from_select(["workspace_id", *new, *said], row)
    return recorded(INTERACTION, kept.on_conflict_do_nothing(index_elements=["workspace_id", "id"]))
