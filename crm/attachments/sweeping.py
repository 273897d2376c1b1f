"""Looking for files that no attachment names: a crash while one was sent leaves such a file."""

from pathlib import Path
from uuid import UUID

from sqlalchemy import Select, Uuid, any_, bindparam, select
from sqlalchemy.dialects.postgresql import ARRAY

from crm.attachments import folder
from crm.attachments.models import attachments
from crm.database import Access, statement

OLD = 3600.0
"""Seconds. A file is there before its row is; no request takes this long."""
AT_ONCE = 1000


async def orphans(access: Access, at: Path, older_than: float = OLD) -> list[Path]:
    """The files of the actor's workspace, older than so many seconds, whose attachment is not there or was erased."""
    found = folder.lying(at, access.actor.workspace_id, older_than)
    lost = [place for place in found if folder.id_of(place) is None]
    named = {file_id: place for place in found if (file_id := folder.id_of(place))}
    ids = list(named)
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        there = {row[0] for row in await access.rows(_there(), ids=some)}
        lost += [named[file_id] for file_id in some if file_id not in there]
    return lost


@statement
def _there() -> Select[tuple[UUID]]:
    a = attachments.c
    home = a.workspace_id == bindparam("workspace_id", type_=Uuid)
    return select(a.id).where(home, a.id == any_(bindparam("ids", type_=ARRAY(Uuid))), a.erased_at.is_(None))
