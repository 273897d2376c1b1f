"""How anything here can fail: a tree of problems, one class a fact, by HTTP status (RFC 9457).

A feature states its own failures as subclasses in its ``errors.py``; the edge turns whichever it meets into a
problem answer. The class name is the ``code`` that programs read, the title is what people read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing wrong in what was sent: where (a JSON pointer, ``#/name``), what, and a code for programs."""

    pointer: str
    message: str
    code: str


class Problem(Exception):
    """Anything a caller can be told. ``detail`` and the errors must be safe to show to that caller."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong on our side"
    title_zh: ClassVar[str] = "系统内部错误"

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        """``more`` are extra members of the problem answer, such as ``current_version``."""
        super().__init__(detail or self.title)
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})
        self.more = more

    @classmethod
    def code(cls) -> str:
        """The error's name in snake_case: ``EmailTaken`` → ``email_taken``. A contract with programs."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


class Malformed(Problem):
    """The request cannot be read at all."""

    status = 400
    title = "The request could not be read"
    title_zh = "无法读取该请求"


class Unauthenticated(Problem):
    """We do not know who is asking."""

    status = 401
    title = "Sign in first"
    title_zh = "请先登录"


class Forbidden(Problem):
    """The caller is known, and lacks the scope or the role."""

    status = 403
    title = "You are not allowed to do this"
    title_zh = "您没有执行此操作的权限"


class NotFound(Problem):
    """Not there, or not there for this caller: the two must look the same."""

    status = 404
    title = "Not found"
    title_zh = "未找到"


class Conflict(Problem):
    """The request is well formed and the present state forbids it."""

    status = 409
    title = "The present state does not allow this"
    title_zh = "当前状态不允许此操作"


class Stale(Problem):
    """The caller's copy is not the current one (``If-Match``)."""

    status = 412
    title = "Your copy is out of date"
    title_zh = "您的副本已过期"


class TooLarge(Problem):
    """More bytes than we take in one request."""

    status = 413
    title = "The request is too large"
    title_zh = "请求内容过大"


class Unprocessable(Problem):
    """Readable, and one or more fields are not acceptable."""

    status = 422
    title = "Some fields are not acceptable"
    title_zh = "部分字段不符合要求"


class TooManyRequests(Problem):
    """Slow down; ``Retry-After`` says for how long."""

    status = 429
    title = "Too many requests"
    title_zh = "请求过于频繁"


class Unavailable(Problem):
    """We cannot answer just now; the same request may succeed later (``Retry-After``)."""

    status = 503
    title = "Not available just now"
    title_zh = "服务暂时不可用"


def invalid(field: str, message: str, code: str = "invalid") -> Unprocessable:
    """The answer for one bad field found by a rule rather than by the schema.

    ``field`` is a path in the body such as ``a/0/b``, or says where else it stands: ``query:cursor``.
    """
    return Unprocessable(errors=(FieldError(field if ":" in field else f"#/{field}", message, code),))
