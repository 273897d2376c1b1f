"""Where the content of attachments is: a local folder, one file each, named by workspace and id and never by a sender.

A file is whole or not there: it is written beside its place, flushed to the disk, and moved there. Everything here
blocks; it is called away from the event loop.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from uuid import UUID


def place_of(folder: Path, workspace_id: UUID, attachment_id: UUID) -> Path:
    """Where this attachment's content is. The last two digits of an id are random: they spread files over folders."""
    name = str(attachment_id)
    return folder / str(workspace_id) / name[-2:] / name


def keep(folder: Path, workspace_id: UUID, attachment_id: UUID, content: bytes) -> None:
    """Write a file that only the product's own user can read."""
    place = place_of(folder, workspace_id, attachment_id)
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_name(place.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(place)


def forget(folder: Path, workspace_id: UUID, attachment_id: UUID) -> None:
    """Remove a file, where there is one."""
    place_of(folder, workspace_id, attachment_id).unlink(missing_ok=True)


def lying(folder: Path, workspace_id: UUID, older_than: float) -> list[Path]:
    """What lies in the folder of a workspace for more than so many seconds."""
    before = time.time() - older_than
    found = []
    for place in (folder / str(workspace_id)).glob("*/*"):
        with suppress(FileNotFoundError):
            if place.stat().st_mtime < before:
                found.append(place)
    return found


def id_of(place: Path) -> UUID | None:
    """Whose content this is; None for the beginning of a file that was never finished."""
    try:
        return UUID(place.name)
    except ValueError:
        return None
