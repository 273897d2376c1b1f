"""What arrived: written before anything is made of it, so that nothing is made of it twice, however late it is sent."""

from typing import Any
from uuid import UUID

from sqlalchemy import Insert, LargeBinary, Select, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import insert

from crm.complaint_doors.models import complaint_arrivals
from crm.complaint_doors.vocabulary import Outcome
from crm.complaints.models import complaints
from crm.database import Access, Transaction, statement

COLUMNS = ("id", "form_id", "inbox_id", "key", "fingerprint", "message_hash", "status_hash", "outcome", "complaint_id")


async def note(tx: Transaction, outcome: Outcome, fingerprint: bytes, key: str, **values: Any) -> bool:
    """Write down what arrived; False where it was before. Who sends it at the same moment waits for us.

    The complaint it names may be written later in the same transaction.
    """
    given = dict.fromkeys(COLUMNS) | values | {"outcome": outcome, "fingerprint": fingerprint, "key": key}
    return await tx.row(_note(), **{f"new_{name}": value for name, value in given.items()}) is not None


async def earlier_submission(access: Access, form_id: UUID, key: str) -> Any:
    """What arrived through a form under this name: its id, fingerprint and the number of its complaint."""
    return await access.row(_earlier(), door_id=form_id, key=key)


async def earlier_mail(access: Access, inbox_id: UUID, key: str, fingerprint: bytes) -> Any:
    """What arrived in an inbox under this name or with this content: its id, outcome, and its complaint."""
    return await access.row(_earlier_mail(), door_id=inbox_id, key=key, fingerprint=fingerprint)


@statement
def _note() -> Insert:
    c = complaint_arrivals.c
    new: dict[str, Any] = {name: bindparam(f"new_{name}", type_=c[name].type) for name in COLUMNS}
    new["id"] = func.coalesce(new["id"], func.uuidv7())
    here = {"workspace_id": bindparam("workspace_id", type_=Uuid)}
    return insert(complaint_arrivals).values({**here, **new}).on_conflict_do_nothing().returning(c.id)


def _found() -> Select[Any]:
    c = complaint_arrivals.c
    of_it = (complaints.c.workspace_id == c.workspace_id) & (complaints.c.id == c.complaint_id)
    found = select(c.id, c.created_at, c.complaint_id, c.fingerprint, c.outcome, complaints.c.number)
    return found.outerjoin(complaints, of_it).where(c.workspace_id == bindparam("workspace_id", type_=Uuid))


@statement
def _earlier() -> Select[Any]:
    c = complaint_arrivals.c
    return _found().where(c.form_id == bindparam("door_id", type_=Uuid), c.key == bindparam("key", type_=Text))


@statement
def _earlier_mail() -> Select[Any]:
    c = complaint_arrivals.c
    same = (c.key == bindparam("key", type_=Text)) | (c.fingerprint == bindparam("fingerprint", type_=LargeBinary))
    return _found().where(c.inbox_id == bindparam("door_id", type_=Uuid), same).order_by(c.created_at).limit(1)
