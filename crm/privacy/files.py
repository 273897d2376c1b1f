"""Files in which an erased person may be: exports are taken back, and files waiting to be imported name nobody."""

import asyncio
import re
from typing import Any

from sqlalchemy import LargeBinary, Select, Update, Uuid, bindparam, func, select, text, update

from crm.database import Transaction, statement
from crm.exports.models import exports
from crm.imports.files import opened
from crm.imports.models import import_files
from crm.removals.actions import owe
from crm.tables import at_home

LIE_AROUND = text("interval '2 days'")
"""Longer than the file of an export is kept."""


@statement
def _withdrawn() -> Update:
    """Files that are written, whatever list they hold, can be had no more, and are owed to be removed."""
    e = exports.c
    lying = (e.state == "done", e.withdrawn_at.is_(None), e.finished_at > func.now() - LIE_AROUND)
    change = {"withdrawn_at": func.now(), "expires_at": func.least(e.expires_at, func.now())}
    return _changed(change, *lying)


@statement
def _begun_anew() -> Update:
    """Files being written are written again from their first row: whoever writes them has lost the lease."""
    return _changed({"lease_id": None, "leased_until": None}, exports.c.state == "running")


async def withdraw_exports(tx: Transaction) -> int:
    """Nobody fetches a file any more that was written before this; how many there were."""
    await tx.rows(_begun_anew())
    gone = [row[0] for row in await tx.rows(_withdrawn())]
    await owe(tx, "export", gone)
    return len(gone)


async def rewrite_waiting_imports(tx: Transaction, pattern: str | None, called: str) -> int:
    """Take the person out of the files of imports that were not carried out yet; how many files named them."""
    if pattern is None:
        return 0
    rewritten = 0
    for row in await tx.rows(_waiting()):
        content = await asyncio.to_thread(without, row["content"], pattern, called)
        if content != row["content"]:
            await tx.row(_rewritten(), import_id=row["import_id"], content=content)
            rewritten += 1
    return rewritten


def without(content: bytes, pattern: str, called: str) -> bytes:
    """A file without what the pattern finds, in the encoding that it has. Lines stay lines, cells stay cells."""
    encoding = opened(content).encoding
    return re.sub(pattern, called, content.decode(encoding), flags=re.IGNORECASE).encode(encoding)


def _changed(change: dict[str, Any], *where: Any) -> Update:
    stamps = {"version": exports.c.version + 1, "updated_at": func.now()}
    return update(exports).where(at_home(exports), *where).values(change | stamps).returning(exports.c.id)


@statement
def _waiting() -> Select[Any]:
    found = select(import_files.c.import_id, import_files.c.content).where(at_home(import_files))
    return found.order_by(import_files.c.import_id).with_for_update()


@statement
def _rewritten() -> Update:
    this = import_files.c.import_id == bindparam("import_id", type_=Uuid)
    content = bindparam("content", type_=LargeBinary)
    return update(import_files).where(at_home(import_files), this).values(content=content)
