"""Who tells a customer the decision on a complaint is in touch with them: it keeps the relationship warm (C1, C2).

The interaction says who, when, by which way and with whom, and nothing of the complaint: whoever sees the customer sees
it, and so does the person whom the complaint is about. It hangs on the complaint by columns that nobody is shown.
"""

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Insert, Text, Uuid, bindparam, case, func, insert, literal, select

from crm.complaints.models import complaints
from crm.complaints.vocabulary import Channel
from crm.database import Transaction, statement
from crm.interactions import events
from crm.interactions.models import interactions
from crm.interactions.queries import INTERACTION
from crm.interactions.vocabulary import LoggedChannel
from crm.recording import record, recorded

AS_IT_CAME: Mapping[Channel, LoggedChannel] = MappingProxyType(
    {
        "phone": "call",
        "email": "email",
        "visit": "meeting",
        "chat": "message",
        "social": "message",
        "web_form": "other",
        "letter": "other",
        "other": "other",
    }
)
"""By which way somebody was probably told, when whoever told them does not say."""


async def keep(tx: Transaction, complaint_id: UUID, channel: LoggedChannel | None) -> None:
    """Log that the actor has just reached the customer of this complaint; nothing where nobody knows whose it is."""
    await record(tx, events.LOGGED, _keep(), id=complaint_id, channel=channel)


@statement
def _keep() -> Insert:
    c = complaints.c
    row = {
        "workspace_id": c.workspace_id,
        "customer_id": c.customer_id,
        "contact_id": c.contact_id,
        "user_id": bindparam("user_id", type_=Uuid),
        "channel": func.coalesce(bindparam("channel", type_=Text), case(dict(AS_IT_CAME), value=c.channel)),
        "direction": literal("outbound"),
        "outcome": literal("reached"),
        "occurred_at": c.communicated_at,
        "counts_as_contact": literal(value=True),
        "subject_type": literal("complaint"),
        "subject_id": c.id,
    }
    whose = (c.workspace_id == bindparam("workspace_id", type_=Uuid), c.id == bindparam("id", type_=Uuid))
    found = select(*row.values()).where(*whose, c.customer_id.is_not(None))
    return recorded(INTERACTION, insert(interactions).from_select(list(row), found))
