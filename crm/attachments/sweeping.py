"""Looking for files that no attachment names: a crash while one was sent leaves such a file."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.attachments.models import attachments
from crm.attachments.store import Store, prefix_of
from crm.database import Access, statement

OLD = 3600.0
"""Seconds. A file is there before its row is; no request takes this long."""
AT_ONCE = 1000


async def orphans(access: Access, store: Store, older_than: float = OLD) -> list[str]:
    """The keys in the actor's workspace, older than so many seconds, whose attachment is not there or was erased.

    The beginnings of files that were never finished are among them.
    """
    before = datetime.now(UTC) - timedelta(seconds=older_than)
    found = [one.key async for one in store.list(prefix_of(access.actor.workspace_id)) if one.changed_at < before]
    lost = [key for key in found if _id_of(key) is None]
    named = {file_id: key for key in found if (file_id := _id_of(key))}
    ids = list(named)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        there = {row[0] for row in await access.rows(_there(), ids=some)}
        lost += [named[file_id] for file_id in some if file_id not in there]
    return lost


def _id_of(key: str) -> UUID | None:
    try:
        return UUID(key.rpartition("/")[2])
    except ValueError:
        return None


@statement
def _there() -> Select[tuple[UUID]]:
    a = attachments.c
    home = a.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(a.id).where(home, a.id == any_(bindparam("ids", type_=ARRAY(Uuid))), a.erased_at.is_(None))
