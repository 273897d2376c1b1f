"""Logs as JSON lines, of every process alike: with the request id, and without secrets or personal data."""

import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

import orjson

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)

_SECRETS = (
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]+"), r"\1 [hidden]"),
    (
        re.compile(
            r"(?i)([\w-]*(?:authorization|password|secret|token|api[-_]?key|cookie)[\"']?\s*[:=]\s*[\"']?)"
            r"(?!bearer\b|basic\b)[^\s\"',;&}]+"
        ),
        r"\1[hidden]",
    ),
    (re.compile(r"(://[^:/@\s]*):[^@\s]+@"), r"\1:[hidden]@"),
)
# What Postgres and pydantic quote in their errors is what a customer typed.
_QUOTED_INPUT = re.compile(
    r"(?m)^DETAIL:.*$|^\s*Failing row contains.*$|input_value=.*?(?=, input_type|\]$)|'(?:input|body)': .*$"
)


def hidden(text: str) -> str:
    """The text without anything that looks like a credential or like input quoted by an error."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return _QUOTED_INPUT.sub("[hidden]", text)


class HideSecrets(logging.Filter):
    """Rewrites each record before any handler sees it; also what uvicorn and libraries log."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always keep the record, in its cleaned form."""
        record.msg, record.args = hidden(record.getMessage()), None
        return True


class JsonLines(logging.Formatter):
    """One JSON object a line: at, level, logger, message, request_id, and what was given as ``extra={"facts": …}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Never fails: what JSON does not know is written as its ``str``."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["exception"] = hidden(self.formatException(record.exc_info))
        return orjson.dumps(line, default=str).decode()


def configure(level: str = "INFO") -> None:
    """Send every logger of the process, uvicorn's too, to standard output as JSON lines."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    handler.addFilter(HideSecrets())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
        theirs = logging.getLogger(name)
        theirs.handlers.clear()
        theirs.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # The access line is ours: theirs carries the query string.
