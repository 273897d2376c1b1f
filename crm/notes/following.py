"""How what hangs on a sale or a complaint goes with it to the customer it is found to belong to."""

from sqlalchemy import Insert, Uuid, bindparam, select, update

from crm.database import Transaction, statement
from crm.events.reacting import Fact
from crm.notes.subjects import SUBJECTS
from crm.nouns import Noun
from crm.recording import recorded


async def follow_subject(tx: Transaction, fact: Fact, hanging: Noun, told_as: str) -> None:
    """Where the subject's customer has changed, what hangs on it names the customer it has now. Each has its fact."""
    if "customer_id" in (fact.changes or {}):
        about = next(noun for kind, noun in SUBJECTS.items() if kind == fact.subject_type)
        await tx.rows(_moved(hanging, about), subject_id=fact.subject_id, event_type=told_as)


@statement
def _moved(hanging: Noun, about: Noun) -> Insert:
    c, t = hanging.table.c, about.table.c
    home, subject = bindparam("workspace_id", type_=Uuid), bindparam("subject_id", type_=Uuid)
    its_customer = select(t.customer_id).where(t.workspace_id == home, t.id == subject).scalar_subquery()
    here = c.workspace_id == home, c.subject_type == about.name, c.subject_id == subject
    elsewhere = c.customer_id.is_distinct_from(its_customer)
    return recorded(hanging, update(hanging.table).where(*here, elsewhere).values(customer_id=its_customer))
