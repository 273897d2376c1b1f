"""What may come in as a body: its size, its type, and no text that Postgres or JSON itself cannot hold.

JSON libraries are more lenient than JSON: Python's takes UTF-16, lone surrogates, ``NaN`` and a thousand levels. What
slipped through here would fail deep inside as a fault of ours, so it is refused at the door with its name.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope

from crm.errors import FieldError, Malformed, TooLarge, Unprocessable
from services.api.problems import UnsupportedMediaType
from services.api.translation import escaped

MIB = 1024 * 1024
DEEPEST = 64
# A cheap look that nearly every body passes; only what it stops is parsed to be sure.
SUSPICIOUS = re.compile(rb"\\u0000|\\u[dD][89a-fA-F]|NaN|Infinity|\d{19}|\d[eE]\+?\d{3}")
STRUCTURE = re.compile(rb'\\.|["\[\]{}]', re.DOTALL)


def guarded(scope: Scope, receive: Receive, *, limit: int, media: str | None) -> Receive:
    """``receive`` that raises a problem for a body too large, of the wrong type, or not storable.

    ``media`` is what the route reads: ``json``, ``form``, or None for a route that reads the body itself.
    """
    declared, content_type, chunked = None, b"", False
    for name, value in scope["headers"]:
        if name == b"content-length":
            declared = int(value[:20]) if value.isdigit() else None
        elif name == b"content-type":
            content_type = value
        elif name == b"transfer-encoding":
            chunked = True
    if declared is not None and declared > limit:
        raise TooLarge(f"At most {limit} bytes are taken here.", max_bytes=limit)
    if media == "json" and (declared or chunked) and content_type != b"application/json":
        require_json(content_type)
    if media == "form" and (declared or chunked):
        require_form(content_type)
    taken = 0
    parts: list[bytes] = []
    check: Callable[[bytes], None] | None = None
    if media == "json":
        check = refuse_unstorable
    elif media == "form" and not content_type.startswith(b"multipart/"):  # Files may hold any byte.
        check = refuse_nul

    async def receive_guarded() -> Message:
        nonlocal taken
        message = await receive()
        if message["type"] == "http.request":
            part = message.get("body", b"")
            taken += len(part)
            if taken > limit:
                raise TooLarge(f"At most {limit} bytes are taken here.", max_bytes=limit)
            if check is not None:
                parts.append(part)
                if not message.get("more_body", False):
                    check(part if len(parts) == 1 else b"".join(parts))
        return message

    return receive_guarded


def require_json(content_type: bytes) -> None:
    """Refuse whatever is not JSON in UTF-8 (``application/json``, ``application/merge-patch+json`` …)."""
    kind, _, parameters = content_type.decode("latin-1").lower().partition(";")
    kind = kind.strip()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedMediaType("Send the body as application/json.", headers={"Accept": "application/json"})
    if "charset=" in parameters and parameters.split("charset=")[1].split(";")[0].strip(' "') != "utf-8":
        raise UnsupportedMediaType("Send the JSON as UTF-8.", headers={"Accept": "application/json"})


def require_form(content_type: bytes) -> None:
    """Refuse whatever is not a form."""
    if not content_type.lower().startswith((b"application/x-www-form-urlencoded", b"multipart/form-data")):
        raise UnsupportedMediaType(
            "Send a form: multipart/form-data with a file, else application/x-www-form-urlencoded."
        )


def refuse_unstorable(body: bytes) -> None:
    """Raise for a JSON body that a lenient parser would take and that cannot be kept. Not JSON at all is not judged."""
    if not body.isascii():
        try:
            body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Malformed(f"The body is not UTF-8: byte {error.start}.") from None
    if b"\x00" in body:
        raise Malformed("The body holds a NUL byte; JSON is taken as UTF-8.")
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        refuse_depth(body)
    if SUSPICIOUS.search(body):
        try:
            document = json.loads(body, parse_constant=_not_json)
        except Malformed:
            raise
        except ValueError:
            return
        errors = tuple(unstorable(document))
        if errors:
            raise Unprocessable(errors=errors[:100])


def refuse_depth(body: bytes) -> None:
    """Raise when brackets outside of strings go deeper than any honest document."""
    depth, in_text = 0, False
    for found in STRUCTURE.finditer(body):
        mark = found.group()
        if mark == b'"':
            in_text = not in_text
        elif in_text:
            continue
        elif mark in {b"[", b"{"}:
            depth += 1
            if depth > DEEPEST:
                raise Malformed(f"The JSON is nested deeper than {DEEPEST} levels.")
        elif mark in {b"]", b"}"}:
            depth -= 1


def refuse_nul(form: bytes, where: str = "#/") -> None:
    """Raise for a NUL in a form or a query string, naming each field that has one."""
    if b"%00" in form or b"\x00" in form:
        fields = parse_qsl(form.decode("latin-1"), keep_blank_values=True)
        names = dict.fromkeys(name for name, value in fields if "\x00" in value or "\x00" in name)
        raise Unprocessable(errors=tuple(nul(where + name.replace("\x00", "")) for name in names))


def nul(pointer: str) -> FieldError:
    """The error for a text with a NUL character."""
    return FieldError(pointer, "Text must not contain NUL characters", "nul_character")


def unstorable(node: Any, pointer: str = "#") -> Iterator[FieldError]:
    """Each text in the document that no UTF-8 text column can hold, each number that no int8 can."""
    if isinstance(node, str):
        if "\x00" in node:
            yield nul(pointer)
        elif any("\ud800" <= character <= "\udfff" for character in node):
            yield FieldError(pointer, "Text must not contain lone surrogates", "lone_surrogate")
    elif isinstance(node, int):
        if not -(2**63) <= node < 2**63:
            yield FieldError(pointer, "The number is out of range", "number_out_of_range")
    elif isinstance(node, float):
        if node in {float("inf"), float("-inf")}:
            yield FieldError(pointer, "The number is out of range", "number_out_of_range")
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from unstorable(name, f"{pointer}/{escaped(name.encode('ascii', 'backslashreplace').decode())}")
            yield from unstorable(value, f"{pointer}/{escaped(name.encode('utf-8', 'replace').decode())}")
    elif isinstance(node, list):
        for position, value in enumerate(node):
            yield from unstorable(value, f"{pointer}/{position}")


def _not_json(constant: str) -> NoReturn:
    raise Malformed(f"The body is not valid JSON: {constant} is not a JSON number.")
