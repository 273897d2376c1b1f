"""Folders that hold data: one owner at a time, secrets readable by the owner only."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderInUse(Exception):
    """Another process works with this folder."""


@contextmanager
def only_user_of(folder: Path) -> Iterator[None]:
    """Hold a folder for this process, at most until it ends; raises FolderInUse at once when another holds it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Opened without truncation: until the lock is ours, the id inside is that of the holder.
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read().strip() or "unknown"
            raise FolderInUse(f"{folder} is in use by another process (id {holder}).") from None
        lock.seek(0)
        lock.truncate()
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


def kept_secret(path: Path, make: Callable[[], str]) -> str:
    """The secret in this file, made the first time; never readable by others, never half-written."""
    if not path.exists():
        draft = path.with_name(path.name + ".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(make())
        draft.replace(path)
    return path.read_text(encoding="ascii").strip()
